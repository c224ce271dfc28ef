"""The forms of an axis: lists, generated grids and distributions to draw from."""

import math
from typing import Annotated, ClassVar, Generic, Self, TypeVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic.dataclasses import dataclass

from service.spec.errors import shown
from service.spec.grammar.scalars import Scalar, refusal

T = TypeVar("T")
S = TypeVar("S", bound=Scalar)
N = TypeVar("N", bound=int | float)

#: Generated values are rounded to this many digits, so that the middle of a grid is 0.3 and
#: not 0.30000000000000004, and equals the 0.3 that another spec writes in a list.
_DIGITS = 12

GridSize = Annotated[int, Field(strict=True, ge=1, le=100_000)]


def distinct(values: tuple[T, ...]) -> tuple[T, ...]:
    """Return a list as it is, or refuse its first repeated value."""
    seen: dict[T, int] = {}
    for index, value in enumerate(values):
        first = seen.setdefault(value, index)
        if first != index:
            raise refusal(f"the same as [{first}]; give each value once", index)
    return values


Grid = Annotated[tuple[T, ...], Field(strict=False, min_length=1), AfterValidator(distinct)]


# Dataclasses, because a generic alias such as `NumberAxis` can substitute their parameters;
# it cannot see those of generic models. A strict dataclass would refuse a mapping.
_FORM = ConfigDict(extra="forbid", allow_inf_nan=False)


class AxisForm:
    """An axis written as a mapping with one key."""

    tag: ClassVar[str]


class GeneratedGrid(AxisForm, Generic[N]):
    """A grid given by its ends and its size."""

    def ends(self) -> tuple[N, N, int]:
        """Return the first value, the last value and how many there are."""
        raise NotImplementedError

    def at(self, first: float, last: float, fraction: float) -> float:
        """Return the value at a fraction of the way from the first end to the last."""
        raise NotImplementedError

    def values(self) -> tuple[int | float, ...]:
        """Return the grid, both ends exact, repeated values once.

        Whole-number fields get the nearest whole numbers; others 12 significant digits.
        """
        first, last, size = self.ends()
        inner = (self.at(first, last, index / (size - 1)) for index in range(1, size - 1))
        middle: list[int | float]
        if isinstance(first, int):
            middle = [round(value) for value in inner]
        else:
            middle = [float(f"{value:.{_DIGITS}g}") for value in inner]
        return tuple(dict.fromkeys([first, *middle, last] if size > 1 else [first]))


@dataclass(frozen=True, config=_FORM)
class Linspace(GeneratedGrid[N], Generic[N]):
    """``{linspace: [a, b, n]}``: n values from a to b, evenly spaced."""

    tag: ClassVar[str] = "<linspace>"
    linspace: Annotated[tuple[N, N, GridSize], Field(strict=False)]

    @model_validator(mode="after")
    def _ends_differ(self) -> Self:
        _refuse_equal_ends(self.linspace, "linspace")
        return self

    def ends(self) -> tuple[N, N, int]:
        return self.linspace

    def at(self, first: float, last: float, fraction: float) -> float:
        # Not first + fraction * (last - first): the difference of two floats may overflow.
        return first * (1.0 - fraction) + last * fraction


@dataclass(frozen=True, config=_FORM)
class Logspace(GeneratedGrid[N], Generic[N]):
    """``{logspace: [a, b, n]}``: n values from a to b (both above 0), evenly spaced in log."""

    tag: ClassVar[str] = "<logspace>"
    logspace: Annotated[tuple[N, N, GridSize], Field(strict=False)]

    @model_validator(mode="after")
    def _ends_are_positive(self) -> Self:
        _refuse_equal_ends(self.logspace, "logspace")
        _refuse_nonpositive(self.logspace[:2], "logspace")
        return self

    def ends(self) -> tuple[N, N, int]:
        return self.logspace

    def at(self, first: float, last: float, fraction: float) -> float:
        return _geometric(first, last, fraction)


class Distribution(AxisForm):
    """An axis whose values are drawn ``search.n`` times."""

    def quantile(self, u: float) -> Scalar:
        """Return the value at cumulative probability ``u``, 0 <= u < 1."""
        raise NotImplementedError


@dataclass(frozen=True, config=_FORM)
class Uniform(Distribution, Generic[N]):
    """``{uniform: [a, b]}``: evenly distributed; over a..b inclusive for whole numbers."""

    tag: ClassVar[str] = "<uniform>"
    uniform: Annotated[tuple[N, N], Field(strict=False)]

    @model_validator(mode="after")
    def _ends_increase(self) -> Self:
        _refuse_decreasing(self.uniform, "uniform")
        return self

    def quantile(self, u: float) -> Scalar:
        low, high = self.uniform
        if isinstance(low, int) and isinstance(high, int):
            return low + min(int(u * (high - low + 1)), high - low)
        return low * (1.0 - u) + high * u


@dataclass(frozen=True, config=_FORM)
class LogUniform(Distribution, Generic[N]):
    """``{log_uniform: [a, b]}``: the logarithm is evenly distributed; both ends above 0."""

    tag: ClassVar[str] = "<log_uniform>"
    log_uniform: Annotated[tuple[N, N], Field(strict=False)]

    @model_validator(mode="after")
    def _ends_are_positive_and_increase(self) -> Self:
        _refuse_nonpositive(self.log_uniform, "log_uniform")
        _refuse_decreasing(self.log_uniform, "log_uniform")
        return self

    def quantile(self, u: float) -> Scalar:
        low, high = self.log_uniform
        if isinstance(low, int):
            whole = int(_geometric(low, high + 1, u))
            return min(max(whole, int(low)), int(high))
        value = _geometric(low, high, u)
        return float(low) if value < low else min(value, float(high))


@dataclass(frozen=True, config=_FORM)
class Choice(Distribution, Generic[S]):
    """``{choice: [...]}``: each value equally likely."""

    tag: ClassVar[str] = "<choice>"
    choice: Grid[S]

    def quantile(self, u: float) -> Scalar:
        return self.choice[min(int(u * len(self.choice)), len(self.choice) - 1)]


def _geometric(first: float, last: float, fraction: float) -> float:
    return math.exp(math.log(first) * (1.0 - fraction) + math.log(last) * fraction)


def _refuse_equal_ends(ends: tuple[float, float, int], key: str) -> None:
    first, last, size = ends
    if size > 1 and first == last:
        raise refusal("the two ends must differ", key, 1)


def _refuse_decreasing(ends: tuple[float, float], key: str) -> None:
    if ends[0] >= ends[1]:
        raise refusal(f"must be above the lower end {shown(ends[0])}", key, 1)


def _refuse_nonpositive(ends: tuple[float, ...], key: str) -> None:
    for index, end in enumerate(ends):
        if end <= 0:
            raise refusal("must be above 0, to have a logarithm", key, index)
