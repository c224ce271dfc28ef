"""Judge how the best learning rate falls with depth: the power of depth that it follows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from service.claims.cells import Cell, best_of, grouped, label, number
from service.claims.deciding import (
    Estimate,
    conclude,
    exp_or_none,
    finding,
    jackknife,
    seeds_to_decide,
    within,
)
from service.claims.rule import Measure, Names, Rule
from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding

_LEAST_DEPTHS = 3
# Rates on either side of the best one of the grid that its parabola is fitted to.
_REACH = 2


class Scale(StrEnum):
    """Scale of the measure in the parabola."""

    LOG = "log"
    LINEAR = "linear"


class BestRatePower(Rule):
    """Slope of ln(best learning rate) against ln(depth), for each group.

    The best rate of a depth is the vertex of a parabola in ln(rate), fitted to the mean over seeds
    of ln(measure) at the best rate of the grid and up to two on either side. Of several
    configurations of a rate the best counts. A rate at which a seed was lost is no candidate. A
    depth whose best rate lies at an edge of the grid is left out, and its group is undecided unless
    three depths remain.

    With `expected` the slope must lie within `tolerance` of it; without, it must be below 0.
    """

    statistic: Literal["best_rate_power"]
    measure: Annotated[Measure, Field(strict=False)] = Measure.TRAIN_LOSS
    scale: Annotated[Scale, Field(strict=False)] = Scale.LOG
    expected: float | None = -1.5
    tolerance: float = Field(0.25, gt=0)
    group_by: Names = ("optimizer", "activation")

    def names(self) -> Sequence[str]:
        """Return depth, the rate that the steps had, and the groups' names."""
        return tuple(dict.fromkeys(("depth", "effective_lr", *self.group_by)))

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict on the power of each group."""
        findings: list[Finding] = []
        points: list[FigurePoint] = []
        for values, members in grouped(cells[0], self.group_by).items():
            name = label(self.group_by, values)
            depths = [_depth(self, depth, of) for depth, of in _by_depth(members).items()]
            findings.append(_finding(self, name, depths))
            points += _points(self, name, depths)
        expected = "below 0" if self.expected is None else f"{self.expected:g} within "
        return conclude(
            findings,
            quantity=f"power of depth that the best learning rate by {self.measured} follows",
            expected=expected + ("" if self.expected is None else f"{self.tolerance:g}"),
            points=points,
            axes=FigureAxes(x_title="depth", y_title="best learning rate", x_log=True, y_log=True),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthRates:
    """The learning rates of one depth of a group.

    Attributes:
        depth: Number of hidden layers.
        window: Rates around the best of the grid with their cells, ascending; empty if the best
            rate cannot be told.
        remark: Why it cannot be told, or what bounds it.
    """

    depth: int
    window: tuple[tuple[float, Cell], ...]
    remark: str = ""


def _by_depth(cells: Sequence[Cell]) -> Mapping[int, Sequence[Cell]]:
    groups = grouped(cells, ("depth",)).values()
    return {int(number(members[0], "depth") or 0): members for members in groups}


def _depth(rule: BestRatePower, depth: int, cells: Sequence[Cell]) -> DepthRates:
    grid = [
        (rate, best_of(members) or members[0])
        for members in grouped(cells, ("effective_lr",)).values()
        if (rate := number(members[0], "effective_lr"))
    ]
    usable = [_is_usable(rule, cell) for _, cell in grid]
    places = [place for place, fine in enumerate(usable) if fine]
    if not places:
        return DepthRates(depth=depth, window=(), remark=f"depth {depth}: no rate trains each seed")
    best = min(places, key=lambda place: _mean(rule, grid[place][1], None))
    if best in (0, len(grid) - 1):
        return DepthRates(
            depth=depth,
            window=(),
            remark=f"depth {depth}: best at the {'lower' if best == 0 else 'upper'} edge",
        )
    first = last = best
    while first > 0 and best - first < _REACH and usable[first - 1]:
        first -= 1
    while last < len(grid) - 1 and last - best < _REACH and usable[last + 1]:
        last += 1
    remark = "" if last > best else f"depth {depth}: the next rate up loses seeds"
    return DepthRates(depth=depth, window=tuple(grid[first : last + 1]), remark=remark)


def _is_usable(rule: BestRatePower, cell: Cell) -> bool:
    if not cell.by_seed or cell.lost:
        return False
    return rule.scale is Scale.LINEAR or all(value > 0 for value in cell.by_seed.values())


def _mean(rule: BestRatePower, cell: Cell, seeds: Sequence[int] | None) -> float:
    kept = cell.by_seed if seeds is None else seeds
    values = [cell.by_seed[seed] for seed in kept if seed in cell.by_seed]
    array = np.asarray(values)
    return float(np.mean(np.log(array) if rule.scale is Scale.LOG else array))


def best_rate(rule: BestRatePower, rates: DepthRates, seeds: Sequence[int] | None) -> float | None:
    """Return ln of a depth's best rate from some seeds, within the window.

    It is the vertex of the parabola; where the window is too small for one, or the parabola has no
    minimum, the best rate of the window.
    """
    if any(seeds is not None and not cell.by_seed.keys() & set(seeds) for _, cell in rates.window):
        return None
    x = np.log([rate for rate, _ in rates.window])
    y = np.array([_mean(rule, cell, seeds) for _, cell in rates.window])
    if len(x) >= 3:
        centre = x.mean()
        square, linear, _ = np.polyfit(x - centre, y, 2)
        if square > 0:
            return float(np.clip(centre - linear / (2 * square), x[0], x[-1]))
    return float(x[int(np.argmin(y))])


def _power(rule: BestRatePower, depths: Sequence[DepthRates], seeds: Sequence[int]) -> float | None:
    best = [best_rate(rule, each, seeds) for each in depths]
    known = [each for each in best if each is not None]
    if len(known) < len(depths):
        return None
    x = np.log([each.depth for each in depths])
    x = x - x.mean()
    return float(x @ np.asarray(known) / (x @ x))


def _finding(rule: BestRatePower, name: str, depths: Sequence[DepthRates]) -> Finding:
    usable = [each for each in depths if each.window]
    remarks = [each.remark for each in depths if each.remark]
    if len(usable) < _LEAST_DEPTHS:
        remarks.insert(0, f"{len(usable)} depths usable, {_LEAST_DEPTHS} needed")
        return finding(name, None, Verdict.UNDECIDED, remark="; ".join(remarks))
    seeds = sorted({s for each in usable for _, cell in each.window for s in cell.by_seed})
    estimate = jackknife(lambda kept: _power(rule, usable, kept), seeds, rule.level)
    if estimate is None:
        return finding(name, None, Verdict.UNDECIDED, remark="too few seeds for an interval")
    low, high = _range(rule)
    falls = "falls" if estimate.high < 0 else "need not fall"
    return finding(
        name,
        estimate,
        _verdict(rule, estimate),
        more_seeds=seeds_to_decide(estimate, (low, high), rule.level),
        remark="; ".join([f"{len(usable)} depths; the best rate {falls} with depth", *remarks]),
    )


def _range(rule: BestRatePower) -> tuple[float, float]:
    if rule.expected is None:
        return -math.inf, 0.0
    return rule.expected - rule.tolerance, rule.expected + rule.tolerance


def _verdict(rule: BestRatePower, estimate: Estimate) -> Verdict:
    return within(estimate, *_range(rule))


def _points(rule: BestRatePower, name: str, depths: Sequence[DepthRates]) -> list[FigurePoint]:
    usable = [each for each in depths if each.window]
    logs = [best_rate(rule, each, None) or 0.0 for each in usable]
    power = rule.expected
    shifts = [y - (power or 0.0) * math.log(d.depth) for d, y in zip(usable, logs, strict=True)]
    found = []
    for each, y in zip(usable, logs, strict=True):
        centre = float(np.mean(shifts))
        law = None if power is None else exp_or_none(centre + power * math.log(each.depth))
        low, high = _rate_interval(rule, each)
        found.append(
            FigurePoint(series=name, x=each.depth, y=math.exp(y), low=low, high=high, predicted=law)
        )
    return found


def _rate_interval(rule: BestRatePower, rates: DepthRates) -> tuple[float | None, float | None]:
    seeds = sorted({seed for _, cell in rates.window for seed in cell.by_seed})
    estimate = jackknife(lambda kept: best_rate(rule, rates, kept), seeds, rule.level)
    if estimate is None:
        return None, None
    return exp_or_none(estimate.low), exp_or_none(estimate.high)
