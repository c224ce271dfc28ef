"""The base of all rules: what a statistic reads of a sweep, and how it judges what it read."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from service.claims.cells import Cell
from service.query.columns import FILTERABLE, GROUPABLE
from service.query.errors import FilterError, QueryError
from service.query.filters import parse_filter
from service.query.measures import read_evaluation_point
from service.schemas.claims import Evidence
from service.spec.grammar.scalars import StrictModel, refusal
from service.spec.paths import suggestion

ALGORITHM: Final = 2
"""Version of the statistics, part of every rule's hash.

Raise it when a statistic gives another verdict or figure of the same cells: without that, the
judgement that an earlier version stored would be returned for ever.
"""


class Measure(StrEnum):
    """Measured quantities that a claim can be about."""

    TRAIN_LOSS = "train_loss"
    TRAIN_ERROR = "train_error"
    EVAL_LOSS = "eval_loss"
    EVAL_ERROR = "eval_error"
    WALK_INIT = "walk_init"
    Z_INIT = "z_init"

    @property
    def is_error(self) -> bool:
        """Whether it is a share of misclassified samples."""
        return self in (Measure.TRAIN_ERROR, Measure.EVAL_ERROR)

    @property
    def is_initial(self) -> bool:
        """Whether it is measured once, before the first step."""
        return self in (Measure.WALK_INIT, Measure.Z_INIT)


def _filter(text: str) -> str:
    try:
        parse_filter(text, FILTERABLE)
    except FilterError as error:
        raise refusal(f"not a filter of trials: {error}") from error
    return text


def _name(name: str) -> str:
    if name not in GROUPABLE:
        raise refusal(f"not a name that trials are grouped by{suggestion(name, GROUPABLE)}")
    return name


def _point(text: str) -> str:
    try:
        read_evaluation_point(text)
    except QueryError as error:
        raise refusal("final, best, or the number of an epoch as text") from error
    return text


Filter = Annotated[str, AfterValidator(_filter)]
Name = Annotated[str, AfterValidator(_name)]
Names = Annotated[tuple[Name, ...], Field(strict=False)]
Level = Annotated[float, Field(ge=0.5, le=0.999)]


class Rule(StrictModel):
    """Rule by which the trials of a sweep decide a claim.

    Subclasses have a `statistic` of their own, and `judge` the cells of each of their filters.
    """

    statistic: str
    measure: Annotated[Measure, Field(strict=False)] = Measure.TRAIN_ERROR
    at: Annotated[str, AfterValidator(_point)] = "final"
    filter: Filter | None = None
    level: Level = 0.95

    def filters(self) -> Sequence[str | None]:
        """Return the filters of the trials to read, one for each argument of `judge`."""
        return (self.filter,)

    def names(self) -> Sequence[str]:
        """Return the names whose values the cells need."""
        raise NotImplementedError

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict, given the cells of each filter."""
        raise NotImplementedError

    @property
    def measured(self) -> str:
        """The measured quantity in words."""
        words = self.measure.value.replace("_", " ")
        return words if self.measure.is_initial else f"{words} ({self.at})"


def both(first: str | None, second: str | None) -> str | None:
    """Return the filter of trials that pass both filters; None passes all."""
    given = [f"({text})" for text in (first, second) if text]
    return " and ".join(given) or None
