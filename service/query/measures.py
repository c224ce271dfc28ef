"""What comparisons measure: one number per trial, or the reason why there is none."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.query.errors import QueryError
from service.schemas.comparisons import Metric
from service.store.models import Configuration, Epoch, Trial
from workers.contract import Outcome

MAX_EPOCH = 2**31 - 1


class TrialStatus(StrEnum):
    """Where a trial counts; each counts in one."""

    VALUE = "value"  # has a number, which is averaged
    DIVERGED = "diverged"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"
    MISSING = "missing"  # completed, and has no such number


@dataclass(frozen=True, slots=True)
class EvaluationPoint:
    """When in a trial: its last epoch, its best one, or the one of a number.

    Attributes:
        text: As in the query: ``final``, ``best`` or digits.
        epoch: The number, or None.
    """

    text: str
    epoch: int | None = None


def read_evaluation_point(text: str) -> EvaluationPoint:
    """Return the moment that a text names.

    Raises:
        QueryError: It names none.
    """
    if text in ("final", "best"):
        return EvaluationPoint(text)
    if text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= MAX_EPOCH:
        return EvaluationPoint(text, int(text))
    raise QueryError("at", text[:40], "allowed are final, best, or the number of an epoch")


@dataclass(frozen=True, slots=True)
class Measured:
    """A trial in a comparison.

    Attributes:
        status: Where it counts.
        value: Its number; None unless `status` is VALUE.
        columns: Values of the columns asked for, in their order.
    """

    status: TrialStatus
    value: float | None
    columns: tuple[Any, ...]  # Any: the types of the columns are known by name only


def measure(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    metric: Metric,
    moment: EvaluationPoint,
    columns: Iterable[ColumnElement[Any] | InstrumentedAttribute[Any]],
) -> list[Measured]:
    """Return what was measured of trials, in planning order.

    At the final and the best epoch only completed trials have a number: a trial that was stopped
    early would be compared at another length. At an epoch's number every trial that has reached
    it has one, unless it diverged, failed or was cancelled later on.

    Args:
        session: The transaction.
        where: Which trials.
        metric: What to measure.
        moment: When.
        columns: Further columns of `Trial` and `Configuration` to return.
    """
    statement = (
        select(Trial.outcome, _value(metric, moment), *columns)
        .join(Configuration, Configuration.id == Trial.configuration_id)
        .where(*where)
    )
    if moment.epoch is not None:
        key = and_(Epoch.trial_id == Trial.id, Epoch.epoch == moment.epoch)
        statement = statement.outerjoin(Epoch, key)
    rows = session.execute(statement.order_by(Trial.sweep_id, Trial.number))
    return [_measured(row[0], row[1], tuple(row[2:]), moment) for row in rows]


def _value(metric: Metric, moment: EvaluationPoint) -> ColumnElement[Any]:
    if moment.epoch is not None:
        column: ColumnElement[Any] = getattr(Epoch, metric.value)
    else:
        column = getattr(Trial, f"{moment.text}_{metric.value}")
    return column


def _measured(
    outcome: Outcome | None, value: float | None, columns: tuple[Any, ...], moment: EvaluationPoint
) -> Measured:
    valid = (
        {Outcome.COMPLETED} if moment.epoch is None else {Outcome.COMPLETED, Outcome.STOPPED, None}
    )
    if value is not None and outcome in valid:
        return Measured(TrialStatus.VALUE, value, columns)
    if outcome is None:
        return Measured(TrialStatus.UNFINISHED, None, columns)
    if outcome is Outcome.COMPLETED:
        return Measured(TrialStatus.MISSING, None, columns)
    return Measured(TrialStatus(outcome.value), None, columns)
