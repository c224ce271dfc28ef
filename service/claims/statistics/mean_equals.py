"""Judge that the mean over seeds of a measure has an expected value."""

from collections.abc import Sequence
from statistics import fmean
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from service.claims.cells import Cell, grouped, label, number
from service.claims.deciding import Estimate, conclude, finding, from_values
from service.claims.rule import Measure, Name, Names, Rule
from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding
from service.spec.grammar.scalars import StrictModel, refusal


class Multiple(StrictModel):
    """A multiple of an axis: `times` times the value of `axis`."""

    times: float
    axis: Name


def _number_or_multiple(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | dict | Multiple):
        raise refusal("a number, or {times: NUMBER, axis: NAME}")
    return value


class MeanEquals(Rule):
    """Mean over seeds of each group against a number, or a multiple of an axis.

    Supported if the mean differs from the expected value by at most `tolerance` times that value
    plus half the interval, and the interval is narrow enough to say so: half of it is at most
    `precision` times the expected value. Refuted if the mean differs by more.
    """

    statistic: Literal["mean_equals"]
    measure: Annotated[Measure, Field(strict=False)] = Measure.WALK_INIT
    expected: Annotated[float | Multiple, BeforeValidator(_number_or_multiple)]
    tolerance: float = Field(0.01, ge=0)
    precision: float = Field(0.05, gt=0)
    group_by: Names = ("depth",)

    def names(self) -> Sequence[str]:
        """Return the groups' names, depth for the figure, and the axis of the expected value."""
        own = (self.expected.axis,) if isinstance(self.expected, Multiple) else ()
        return tuple(dict.fromkeys((*self.group_by, *own, "depth")))

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict on the mean of each group."""
        own = (self.expected.axis,) if isinstance(self.expected, Multiple) else ()
        names = tuple(dict.fromkeys((*self.group_by, *own)))
        findings: list[Finding] = []
        points: list[FigurePoint] = []
        for values, members in grouped(cells[0], names).items():
            estimate, expected = _estimate(self, members), _expected(self, members[0])
            findings.append(_finding(self, label(names, values), estimate, expected))
            rest = [(n, v) for n, v in zip(names, values, strict=True) if n != "depth"]
            series = label([n for n, _ in rest], [v for _, v in rest])
            points += _points(series, members[0], estimate, expected)
        return conclude(
            findings,
            quantity=f"mean of {self.measured}",
            expected=f"{_words(self)} within {100 * self.tolerance:g} % and the interval",
            points=points,
            axes=FigureAxes(x_title="depth", y_title=f"mean of {self.measured}", x_log=True),
        )


def _estimate(rule: MeanEquals, cells: Sequence[Cell]) -> Estimate | None:
    # One value for each seed: configurations of one seed share random numbers.
    seeds = sorted({seed for cell in cells for seed in cell.by_seed})
    values = [fmean(c.by_seed[seed] for c in cells if seed in c.by_seed) for seed in seeds]
    return from_values(values, rule.level)


def _words(rule: MeanEquals) -> str:
    if isinstance(rule.expected, Multiple):
        return f"{rule.expected.times:g} {rule.expected.axis}"
    return f"{rule.expected:g}"


def _expected(rule: MeanEquals, cell: Cell) -> float | None:
    if not isinstance(rule.expected, Multiple):
        return rule.expected
    value = number(cell, rule.expected.axis)
    return None if value is None else rule.expected.times * value


def _finding(
    rule: MeanEquals, name: str, estimate: Estimate | None, expected: float | None
) -> Finding:
    if estimate is None or expected is None:
        remark = "fewer than two seeds" if expected is not None else "nothing is expected here"
        return finding(name, estimate, Verdict.UNDECIDED, remark=remark)
    half_width = estimate.high - estimate.value
    most = rule.precision * abs(expected)
    more = None
    if abs(estimate.value - expected) > rule.tolerance * abs(expected) + half_width:
        verdict = Verdict.REFUTED
    elif half_width <= most or half_width == 0:
        verdict = Verdict.SUPPORTED
    else:
        verdict = Verdict.UNDECIDED
        if most > 0:
            more = max(1, round(estimate.n * (half_width / most) ** 2) - estimate.n)
    return finding(name, estimate, verdict, more_seeds=more, remark=f"expected {expected:.4g}")


def _points(
    series: str, cell: Cell, estimate: Estimate | None, expected: float | None
) -> list[FigurePoint]:
    depth = number(cell, "depth")
    if estimate is None or depth is None:
        return []
    return [
        FigurePoint(
            series=series,
            x=depth,
            y=estimate.value,
            low=estimate.low,
            high=estimate.high,
            predicted=expected,
        )
    ]
