"""Read the cells that a rule judges from the rows of a sweep."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.claims.cells import Cell
from service.claims.rule import Measure, Rule
from service.query.columns import attribute, json_scalar
from service.query.comparison import first_of_equals
from service.query.conditions import trial_conditions
from service.query.measures import Measured, TrialStatus, measure, read_evaluation_point
from service.schemas.comparisons import Metric, Scalar
from service.store.models import Configuration, Trial

# A failed or cancelled trial says nothing about its network, and is left out.
_LOST = (TrialStatus.DIVERGED, TrialStatus.STOPPED)


@dataclass(slots=True)
class _Found:
    axes: Mapping[str, Scalar]
    chance: float | None
    by_seed: dict[int, float] = field(default_factory=dict)
    lost: set[int] = field(default_factory=set)


def read_cells(
    session: Session, sweep_id: UUID, rule: Rule, classes: Mapping[str, int]
) -> list[list[Cell]]:
    """Return the cells of each of a rule's filters, in planning order.

    Args:
        session: The transaction.
        sweep_id: The sweep.
        rule: The rule that will judge them.
        classes: Number of classes of each data set, by name; unknown ones have no chance level.
    """
    firsts = first_of_equals(session, sweep_id)
    return [
        _cells(_measured(session, sweep_id, rule, text), rule, classes, firsts)
        for text in rule.filters()
    ]


def hash_of(cells: Sequence[Sequence[Cell]]) -> str:
    """Return the SHA-256 of everything that a verdict depends on beside the rule, in hex."""
    content = [
        [[cell.axes, sorted(cell.by_seed.items()), sorted(cell.lost), cell.chance] for cell in side]
        for side in cells
    ]
    return hashlib.sha256(to_json(content)).hexdigest()


# Any: the types of the columns are known by name only.
def _measured(
    session: Session, sweep_id: UUID, rule: Rule, filter_text: str | None
) -> Iterable[Measured]:
    """Return trials with columns: configuration, seed, data set, initial measure, rule's names."""
    initial = Trial.z_init if rule.measure is Measure.Z_INIT else Trial.walk_init
    columns: list[ColumnElement[Any] | InstrumentedAttribute[Any]] = [
        Trial.configuration_id,
        Trial.seed,
        Configuration.dataset,
        initial,
        *map(attribute, rule.names()),
    ]
    metric = Metric.TRAIN_LOSS if rule.measure.is_initial else Metric(rule.measure.value)
    where = trial_conditions(sweep_id, filter_text)
    return measure(session, where, metric, read_evaluation_point(rule.at), columns)


def _cells(
    trials: Iterable[Measured],
    rule: Rule,
    classes: Mapping[str, int],
    firsts: Mapping[UUID, UUID],
) -> list[Cell]:
    found: dict[UUID, _Found] = {}
    for trial in trials:
        configuration, seed, dataset, initial, *columns = trial.columns
        axes = dict(zip(rule.names(), map(json_scalar, columns), strict=True))
        # Points that resolve to the same numbers have the same curves: one of them counts.
        cell = found.setdefault(firsts[configuration], _Found(axes, _chance(classes.get(dataset))))
        lost = trial.status in _LOST and not rule.measure.is_initial
        value = _value(rule, trial, initial, cell.chance)
        if lost:
            cell.lost.add(seed)
        if value is not None:
            cell.by_seed.setdefault(seed, value)
    return [
        Cell(axes=cell.axes, by_seed=cell.by_seed, lost=frozenset(cell.lost), chance=cell.chance)
        for cell in found.values()
    ]


def _chance(n_classes: int | None) -> float | None:
    return 1 - 1 / n_classes if n_classes else None


def _value(
    rule: Rule, trial: Measured, initial: float | None, chance: float | None
) -> float | None:
    if rule.measure.is_initial:
        return initial
    if rule.measure.is_error and trial.status is TrialStatus.DIVERGED:
        return chance
    return trial.value
