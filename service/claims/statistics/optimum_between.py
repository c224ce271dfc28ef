"""Judge where the best value of an axis lies, by resampling seeds."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from pydantic import ValidationInfo, field_validator
from scipy.special import ndtri

from service.claims.cells import Cell, grouped, label, number
from service.claims.deciding import POWER, conclude
from service.claims.rule import Name, Rule
from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding
from service.spec.grammar.scalars import refusal

_RESAMPLES = 2000
# Fixed, so that the same rows give the same verdict on each call.
_SEED = 20150


class OptimumBetween(Rule):
    """Share of resamples of the seeds in which the best value of an axis lies in [low, high].

    The best value has the fewest lost seeds, and among those the lowest mean, of the best of its
    configurations. Supported if the share is at least `level` at each value of `by`, refuted if it
    is at most 1 - `level` at one. Seeds are resampled as a whole.
    """

    statistic: Literal["optimum_between"]
    axis: Name
    low: float
    high: float
    by: Name = "depth"

    @field_validator("high")
    @classmethod
    def _is_a_range(cls, high: float, info: ValidationInfo) -> float:
        low = info.data.get("low")
        if low is not None and high < low:
            raise refusal(f"must be at least low, {low:g}")
        return high

    def names(self) -> Sequence[str]:
        """Return the names of the axis and of the groups."""
        return tuple(dict.fromkeys((self.axis, self.by)))

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict at each value of `by`."""
        findings: list[Finding] = []
        points: list[FigurePoint] = []
        for values, members in grouped(cells[0], (self.by,)).items():
            name = label((self.by,), values)
            optima = resampled_optima(self.axis, members)
            findings.append(_finding(self, name, members, optima))
            points += _points(self, members[0], optima)
        return conclude(
            findings,
            quantity=f"share of resamples whose best {self.axis} by {self.measured} lies in "
            f"[{self.low:g}, {self.high:g}]",
            expected=f"at least {self.level:g} at each {self.by}",
            points=points,
            axes=FigureAxes(x_title=self.by, y_title=f"best {self.axis}", x_log=self.by == "depth"),
        )


def resampled_optima(axis: str, cells: Sequence[Cell]) -> Sequence[float]:
    """Return the best value of an axis in each of 2,000 resamples of the seeds.

    Empty if no cell has a value, or fewer than three seeds have one.
    """
    known = [(x, cell) for cell in cells if (x := number(cell, axis)) is not None and cell.by_seed]
    seeds = sorted({seed for _, cell in known for seed in cell.by_seed.keys() | cell.lost})
    if len(seeds) < 3:
        return ()
    values = np.array([_row(cell.by_seed, seeds) for _, cell in known])
    lost = np.array([[seed in cell.lost for seed in seeds] for _, cell in known])
    generator = np.random.default_rng(_SEED)
    picks = generator.integers(len(seeds), size=(_RESAMPLES, len(seeds)))
    optima = []
    for pick in picks:
        present = values[:, pick]
        count = np.maximum((~np.isnan(present)).sum(axis=1), 1)
        means = np.where(
            np.isnan(present).all(axis=1), math.inf, np.nansum(present, axis=1) / count
        )
        optima.append(known[int(np.lexsort((means, lost[:, pick].sum(axis=1)))[0])][0])
    return optima


def _row(by_seed: Mapping[int, float], seeds: Sequence[int]) -> list[float]:
    return [by_seed.get(seed, math.nan) for seed in seeds]


def _finding(
    rule: OptimumBetween, name: str, cells: Sequence[Cell], optima: Sequence[float]
) -> Finding:
    n = len({seed for cell in cells for seed in cell.by_seed})
    if not optima:
        return Finding(
            group=name,
            n=n,
            estimate=None,
            low=None,
            high=None,
            verdict=Verdict.UNDECIDED,
            remark="too few seeds have a value",
        )
    share = float(np.mean([rule.low <= each <= rule.high for each in optima]))
    low, high = np.quantile(optima, [(1 - rule.level) / 2, (1 + rule.level) / 2])
    verdict = Verdict.UNDECIDED
    if share >= rule.level:
        verdict = Verdict.SUPPORTED
    elif share <= 1 - rule.level:
        verdict = Verdict.REFUTED
    return Finding(
        group=name,
        n=n,
        estimate=share,
        low=None,
        high=None,
        verdict=verdict,
        more_seeds=_more(n, share, rule.level) if verdict is Verdict.UNDECIDED else None,
        remark=f"best {rule.axis} {float(np.median(optima)):.4g}, "
        f"{100 * rule.level:g} % of resamples in [{float(low):.4g}, {float(high):.4g}]",
    )


def _more(n: int, share: float, level: float) -> int | None:
    """Return how many more seeds bring the share to one side, as a normal mean's would go."""
    if share == 0.5:
        return None
    z = abs(float(ndtri(share)))
    return max(1, math.ceil(n * ((float(ndtri(level)) + float(ndtri(POWER))) / z) ** 2) - n)


def _points(rule: OptimumBetween, cell: Cell, optima: Sequence[float]) -> list[FigurePoint]:
    x = number(cell, rule.by)
    if x is None or not optima:
        return []
    low, high = np.quantile(optima, [(1 - rule.level) / 2, (1 + rule.level) / 2])
    point = FigurePoint(
        series=f"best {rule.axis}",
        x=x,
        y=float(np.median(optima)),
        low=float(low),
        high=float(high),
    )
    return [
        point,
        FigurePoint(series="claimed range", x=x, y=rule.low, predicted=rule.low),
        FigurePoint(series="claimed range", x=x, y=rule.high, predicted=rule.high),
    ]
