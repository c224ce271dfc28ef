"""Read one measured value per trial, or the reason why the trial has none."""

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

# The largest value of the column.
MAX_EPOCH = 2**31 - 1


class TrialStatus(StrEnum):
    """Class of a trial in a comparison: with a value, or why it has none."""

    VALUE = "value"  # has a value, which is averaged
    DIVERGED = "diverged"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"
    MISSING = "missing"  # completed, but the task has no such metric


@dataclass(frozen=True, slots=True)
class EvaluationPoint:
    """The epoch of a trial at which a metric is read: the last, the best, or a given one.

    Attributes:
        text: The query's text: ``final``, ``best`` or digits.
        epoch: Number of a given epoch; None for final and best.
    """

    text: str
    epoch: int | None = None


def read_evaluation_point(text: str) -> EvaluationPoint:
    """Return the evaluation point of a query's text.

    Raises:
        QueryError: The text is neither final, best nor the number of an epoch.
    """
    if text in ("final", "best"):
        return EvaluationPoint(text)
    if text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= MAX_EPOCH:
        return EvaluationPoint(text, int(text))
    raise QueryError("at", text[:40], "allowed are final, best, or the number of an epoch")


@dataclass(frozen=True, slots=True)
class Measured:
    """A trial with its measured value.

    Attributes:
        status: How a comparison counts the trial.
        value: The metric's value; None unless `status` is VALUE.
        columns: Values of the requested columns, in the order of the request.
    """

    status: TrialStatus
    value: float | None
    columns: tuple[Any, ...]  # Any: the types of the columns are known by name only


def measure(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    metric: Metric,
    at: EvaluationPoint,
    columns: Iterable[ColumnElement[Any] | InstrumentedAttribute[Any]],
) -> list[Measured]:
    """Return the measured value of each trial, in planning order.

    At the final and the best epoch only completed trials have a value: a trial that was stopped
    early would be compared after fewer epochs. At a given epoch every trial that has reached the
    epoch has a value, unless it diverged, failed or was cancelled later.

    Args:
        session: The transaction.
        where: Conditions that select the trials.
        metric: Quantity to read.
        at: Epoch at which it is read.
        columns: Further columns of `Trial` and `Configuration` to return.
    """
    statement = (
        select(Trial.outcome, _value(metric, at), *columns)
        .join(Configuration, Configuration.id == Trial.configuration_id)
        .where(*where)
    )
    if at.epoch is not None:
        key = and_(Epoch.trial_id == Trial.id, Epoch.epoch == at.epoch)
        statement = statement.outerjoin(Epoch, key)
    rows = session.execute(statement.order_by(Trial.sweep_id, Trial.number))
    return [_measured_trial(row[0], row[1], tuple(row[2:]), at) for row in rows]


def _value(metric: Metric, at: EvaluationPoint) -> ColumnElement[Any]:
    if at.epoch is not None:
        column: ColumnElement[Any] = getattr(Epoch, metric.value)
    else:
        column = getattr(Trial, f"{at.text}_{metric.value}")
    return column


def _measured_trial(
    outcome: Outcome | None, value: float | None, columns: tuple[Any, ...], at: EvaluationPoint
) -> Measured:
    valid = {Outcome.COMPLETED} if at.epoch is None else {Outcome.COMPLETED, Outcome.STOPPED, None}
    if value is not None and outcome in valid:
        return Measured(TrialStatus.VALUE, value, columns)
    if outcome is None:
        return Measured(TrialStatus.UNFINISHED, None, columns)
    if outcome is Outcome.COMPLETED:
        return Measured(TrialStatus.MISSING, None, columns)
    return Measured(TrialStatus(outcome.value), None, columns)
