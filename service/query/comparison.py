"""Compare groups of a sweep's trials by the mean and interval of one measured quantity."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, cast, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.query.columns import GROUPABLE, attribute, json_scalar, read_names
from service.query.conditions import trial_conditions
from service.query.errors import QueryError
from service.query.measures import (
    EvaluationPoint,
    Measured,
    TrialStatus,
    measure,
    read_evaluation_point,
)
from service.query.statistics import summarize
from service.schemas.comparisons import Group, GroupComparison, IntervalKind, Metric, Scalar
from service.store import sweeps
from service.store.models import Configuration, Trial


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonQuery:
    """The parameters that all comparisons share.

    Attributes:
        sweep_id: Sweep whose trials are compared.
        metric: Measured quantity.
        at: When it is measured: ``final``, ``best``, or the number of an epoch.
        ci: How confidence intervals are built.
        level: Nominal coverage of the intervals, 0.5 to 0.999.
    """

    sweep_id: UUID
    metric: Metric = Metric.TRAIN_ERROR
    at: str = "final"
    ci: IntervalKind = IntervalKind.T
    level: float = 0.95

    def evaluation_point(self) -> EvaluationPoint:
        """Return `at` as a value.

        Raises:
            QueryError: `at` is neither final, best nor the number of an epoch.
        """
        return read_evaluation_point(self.at)

    def interval_level(self) -> float:
        """Return the nominal coverage of intervals.

        Raises:
            QueryError: The level is outside 0.5 to 0.999, or NaN.
        """
        if not 0.5 <= self.level <= 0.999:
            raise QueryError("level", repr(self.level), "allowed are 0.5 to 0.999")
        return self.level


def compare_groups(
    session: Session, query: ComparisonQuery, *, group_by: str, filter_text: str | None = None
) -> GroupComparison:
    """Return a summary of each group of a sweep's trials.

    Args:
        session: The transaction.
        query: The quantity, and how its intervals are built.
        group_by: Columns whose values make the groups, separated by commas.
        filter_text: Filter expression of the trials; None for all of the sweep.

    Raises:
        SweepNotFoundError: There is no such sweep.
        QueryError: A column, the filter, `at` or `level` is invalid.
    """
    sweeps.get(session, query.sweep_id)
    names = read_names("group_by", group_by, GROUPABLE)
    where = trial_conditions(query.sweep_id, filter_text)
    level = query.interval_level()
    columns: list[ColumnElement[Any] | InstrumentedAttribute[Any]] = [
        Trial.configuration_id,
        Trial.seed,
        *map(attribute, names),
    ]
    measured = measure(session, where, query.metric, query.evaluation_point(), columns)
    found = [
        _group(dict(zip(names, key, strict=True)), members, query.ci, level)
        for key, members in _grouped(measured, first_of_equals(session, query.sweep_id))
    ]
    return GroupComparison(
        sweep_id=query.sweep_id,
        group_by=names,
        metric=query.metric,
        at=query.at,
        ci=query.ci,
        level=level,
        groups=tuple(found),
    )


def first_of_equals(session: Session, sweep_id: UUID) -> Mapping[UUID, UUID]:
    """Return, for each configuration, the first one that is resolved to the same numbers."""
    text = cast(Configuration.configuration, Text)
    rows = session.execute(
        select(Configuration.id, text)
        .where(Configuration.sweep_id == sweep_id)
        .order_by(Configuration.number)
    )
    firsts: dict[str, UUID] = {}
    return {key: firsts.setdefault(configuration, key) for key, configuration in rows}


def _grouped(
    measured: Iterable[Measured], first_of_equals: Mapping[UUID, UUID]
) -> Sequence[tuple[tuple[Scalar, ...], Sequence[Measured]]]:
    """Return trials grouped by their columns' values, in ascending order, empty values last.

    Points that were written differently can be resolved to equal numbers, such as a
    ``branch_scale`` of auto and of 0.5 at depth 4. With the same seed their curves are the same,
    bit for bit, so that a group has only one of them: as two samples they would make its interval
    too narrow.
    """
    groups: dict[tuple[Scalar, ...], dict[tuple[UUID, int], Measured]] = {}
    for trial in measured:
        configuration, seed, *columns = trial.columns
        members = groups.setdefault(tuple(map(json_scalar, columns)), {})
        network = (first_of_equals[configuration], seed)
        # One of two may have been stopped or cancelled before it had a value.
        if network not in members or members[network].value is None:
            members[network] = trial
    found = [(key, tuple(members.values())) for key, members in groups.items()]
    return sorted(
        found, key=lambda group: [(v is None, isinstance(v, str), v or 0) for v in group[0]]
    )


def _group(
    by: Mapping[str, Scalar], members: Sequence[Measured], ci: IntervalKind, level: float
) -> Group:
    counts = Counter(trial.status for trial in members)
    values = [trial.value for trial in members if trial.value is not None]
    return Group(
        by=dict(by),
        n_trials=len(members),
        n_diverged=counts[TrialStatus.DIVERGED],
        n_stopped=counts[TrialStatus.STOPPED],
        n_failed=counts[TrialStatus.FAILED],
        n_cancelled=counts[TrialStatus.CANCELLED],
        n_unfinished=counts[TrialStatus.UNFINISHED],
        n_missing=counts[TrialStatus.MISSING],
        **asdict(summarize(values, ci, level)),
    )
