"""Judge which of two is better at each depth: paired differences of their best configurations."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.special import stdtr

from service.claims.cells import Cell, best_of, grouped, label, number
from service.claims.deciding import (
    Estimate,
    conclude,
    finding,
    from_values,
    holm,
    seeds_to_decide,
)
from service.claims.rule import Filter, Name, Rule, both
from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding


class Expect(StrEnum):
    """Sign of the difference that a claim expects."""

    LESS = "less"
    GREATER = "greater"


class Paired(Rule):
    """Mean difference over seeds between the best configurations of two filters.

    At each value of `by` the best configuration of each filter has the fewest lost seeds, and among
    those the lowest mean. The p-values of the paired t-tests are adjusted by Holm over the values
    of `by`: a value supports or refutes the claim if its adjusted p is below 1 - `level`.
    """

    statistic: Literal["paired"]
    by: Name = "depth"
    first: Filter
    second: Filter
    expect: Annotated[Expect, Field(strict=False)]

    def filters(self) -> Sequence[str | None]:
        """Return the filters of the two sides."""
        return both(self.filter, self.first), both(self.filter, self.second)

    def names(self) -> Sequence[str]:
        """Return the name that groups the trials."""
        return (self.by,)

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict, given the cells of the first and of the second filter."""
        first, second = (grouped(side, (self.by,)) for side in cells)
        # A value that one side lacks leaves the claim undecided: nothing says that it holds there.
        names = {label((self.by,), key): key for key in [*first, *(second.keys() - first.keys())]}
        differences = {
            name: paired_differences(best_of(first.get(key, ())), best_of(second.get(key, ())))
            for name, key in names.items()
        }
        adjusted = holm({name: p_value(values) for name, values in differences.items()})
        points = [
            point
            for name, key in names.items()
            if key in first
            for point in _points(self, first[key][0], differences[name])
        ]
        return conclude(
            [_finding(self, name, differences[name], adjusted[name]) for name in names],
            quantity=f"{self.measured} of ({self.first}) minus that of ({self.second})",
            expected=f"{self.expect.value} than 0 at each {self.by}",
            points=points,
            axes=FigureAxes(
                x_title=self.by, y_title=f"difference of {self.measured}", x_log=self.by == "depth"
            ),
        )


def paired_differences(first: Cell | None, second: Cell | None) -> list[float]:
    """Return first minus second of each seed that both have; none without a cell."""
    if first is None or second is None:
        return []
    shared = sorted(first.by_seed.keys() & second.by_seed.keys())
    return [first.by_seed[seed] - second.by_seed[seed] for seed in shared]


def p_value(differences: Sequence[float], *, above: float | None = None) -> float:
    """Return the p-value of Student's t-test of a mean difference; 1 for fewer than two.

    Args:
        differences: One for each seed. Equal ones have the p-value 0, or 1 where they equal the
            hypothesis.
        above: None tests against 0 from both sides; a number tests the hypothesis that the mean
            is at most this number.
    """
    n = len(differences)
    if n < 2:
        return 1.0
    mean, sd = float(np.mean(differences)), float(np.std(differences, ddof=1))
    distance = mean - (above or 0.0)
    if sd <= 4 * np.finfo(np.float64).eps * float(np.max(np.abs(differences))):
        decided = distance != 0 if above is None else distance > 0
        return 0.0 if decided else 1.0
    t = distance / sd * n**0.5
    if above is None:
        return 2 * float(stdtr(n - 1, -abs(t)))
    return float(stdtr(n - 1, -t))


def _finding(rule: Paired, name: str, differences: Sequence[float], adjusted: float) -> Finding:
    estimate = from_values(differences, rule.level)
    if estimate is None:
        remark = "fewer than two seeds have a value on both sides"
        return finding(name, None, Verdict.UNDECIDED, remark=remark)
    verdict = Verdict.UNDECIDED
    if adjusted < 1 - rule.level:
        verdict = Verdict.SUPPORTED if _as_expected(rule, estimate) else Verdict.REFUTED
    return finding(
        name,
        estimate,
        verdict,
        more_seeds=seeds_to_decide(estimate, (0.0,), rule.level),
        remark=f"p {adjusted:.2g} after Holm",
    )


def _as_expected(rule: Paired, estimate: Estimate) -> bool:
    return (estimate.value < 0) is (rule.expect is Expect.LESS)


def _points(rule: Paired, cell: Cell, differences: Sequence[float]) -> list[FigurePoint]:
    x, estimate = number(cell, rule.by), from_values(differences, rule.level)
    if x is None or estimate is None:
        return []
    return [
        FigurePoint(
            series="difference",
            x=x,
            y=estimate.value,
            low=estimate.low,
            high=estimate.high,
            predicted=0.0,
        )
    ]
