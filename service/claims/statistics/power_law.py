"""Judge a power law: the slope of ln(sd over seeds), or ln(mean), against ln of a predictor."""

import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Literal

import numpy as np
from pydantic import Field
from scipy.special import chdtri, digamma

from service.claims.cells import Cell, grouped, label, number
from service.claims.deciding import (
    conclude,
    exp_or_none,
    finding,
    from_values,
    jackknife,
    seeds_to_decide,
    within,
)
from service.claims.rule import Measure, Names, Rule
from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding

_LEAST_POINTS = 3
_LEAST_VALUES = 3


class Moment(StrEnum):
    """Statistic over the seeds of a configuration that the power law describes."""

    SD = "sd"
    MEAN = "mean"


class Predictor(StrEnum):
    """Quantity on which the statistic is regressed; a closed list, so that no text becomes code."""

    DEPTH = "depth"
    WIDTH = "width"
    DEPTH_OVER_WIDTH = "depth / width"
    DEPTH_TIMES_WIDTH = "depth * width"

    def value_of(self, cell: Cell) -> float | None:
        """Return the predictor of a cell; None if the cell has no depth or width."""
        depth, width = number(cell, "depth"), number(cell, "width")
        if depth is None or width is None:
            return None
        return {
            Predictor.DEPTH: depth,
            Predictor.WIDTH: width,
            Predictor.DEPTH_OVER_WIDTH: depth / width,
            Predictor.DEPTH_TIMES_WIDTH: depth * width,
        }[self]


class PowerLaw(Rule):
    """Slope of ln(sd) or ln(mean) over seeds against ln(predictor).

    Supported if the slope's interval lies within `tolerance` of `expected`, refuted if it lies
    outside of that range, for each group. The expectation of ln(sd) of few normal values is below
    the ln of the true sd, by a known amount, which is added; the interval is that of `jackknife`.
    """

    statistic: Literal["power_law"]
    measure: Annotated[Measure, Field(strict=False)] = Measure.WALK_INIT
    of: Annotated[Moment, Field(strict=False)] = Moment.SD
    predictor: Annotated[Predictor, Field(strict=False)]
    expected: float
    tolerance: float = Field(0.1, gt=0)
    group_by: Names = ()

    def names(self) -> Sequence[str]:
        """Return the names of the predictor and of the groups."""
        return tuple(dict.fromkeys(("depth", "width", *self.group_by)))

    def judge(self, *cells: Sequence[Cell]) -> Evidence:
        """Return the verdict on the slope of each group."""
        findings: list[Finding] = []
        points: list[FigurePoint] = []
        for values, members in grouped(cells[0], self.group_by).items():
            name = label(self.group_by, values)
            usable = _usable(self, members)
            findings.append(_finding(self, name, usable))
            points += _points(self, name, usable)
        word = "sd" if self.of is Moment.SD else "mean"
        return conclude(
            findings,
            quantity=f"slope of ln {word} of {self.measured} against ln({self.predictor.value})",
            expected=f"{self.expected:g} within {self.tolerance:g}",
            points=points,
            axes=FigureAxes(
                x_title=self.predictor.value,
                y_title=f"{word} over seeds of {self.measured}",
                x_log=True,
                y_log=True,
            ),
        )


def log_sd(values: Sequence[float]) -> float | None:
    """Return an estimate of ln sd that has no bias for normal values; None for sd 0 or n < 2.

    ``(n - 1) s^2 / sigma^2`` is chi-squared with n - 1 degrees of freedom, so that
    ``E ln s^2 = ln sigma^2 + digamma((n - 1) / 2) - ln((n - 1) / 2)``.
    """
    if len(values) < 2:
        return None
    sd = float(np.std(np.asarray(values, dtype=np.float64), ddof=1))
    if not 0 < sd < math.inf:
        return None
    half = (len(values) - 1) / 2
    return math.log(sd) - (float(digamma(half)) - math.log(half)) / 2


_Usable = list[tuple[float, Cell]]


def _usable(rule: PowerLaw, cells: Sequence[Cell]) -> _Usable:
    """Return the cells with their predictors that have enough values for a logarithm."""
    found: _Usable = []
    for cell in cells:
        x = rule.predictor.value_of(cell)
        if x and len(cell.by_seed) >= _LEAST_VALUES and _log_moment(rule, cell, None) is not None:
            found.append((x, cell))
    return sorted(found, key=lambda pair: pair[0])


def _log_moment(rule: PowerLaw, cell: Cell, seeds: Sequence[int] | None) -> float | None:
    kept = cell.by_seed if seeds is None else seeds
    values = [cell.by_seed[seed] for seed in kept if seed in cell.by_seed]
    if rule.of is Moment.SD:
        return log_sd(values)
    mean = float(np.mean(values)) if values else 0.0
    return math.log(mean) if mean > 0 else None


def slope(rule: PowerLaw, cells: _Usable, seeds: Sequence[int]) -> float | None:
    """Return the least-squares slope over cells; None if one has no logarithm from these seeds."""
    logs = [_log_moment(rule, cell, seeds) for _, cell in cells]
    known = [each for each in logs if each is not None]
    if len(known) < len(cells):
        return None
    x = np.log([x for x, _ in cells])
    x = x - x.mean()
    return float(x @ np.asarray(known) / (x @ x))


def _finding(rule: PowerLaw, name: str, cells: _Usable) -> Finding:
    n_points = len({x for x, _ in cells})
    if n_points < _LEAST_POINTS:
        remark = f"{n_points} values of {rule.predictor.value} are usable; {_LEAST_POINTS} needed"
        return finding(name, None, Verdict.UNDECIDED, remark=remark)
    seeds = sorted(set().union(*(cell.by_seed for _, cell in cells)))
    estimate = jackknife(lambda kept: slope(rule, cells, kept), seeds, rule.level)
    if estimate is None:
        return finding(name, None, Verdict.UNDECIDED, remark="too few seeds for an interval")
    borders = (rule.expected - rule.tolerance, rule.expected + rule.tolerance)
    inside = estimate.low <= rule.expected <= estimate.high
    return finding(
        name,
        estimate,
        within(estimate, *borders),
        more_seeds=seeds_to_decide(estimate, borders, rule.level),
        remark=f"{len(cells)} configurations; {rule.expected:g} is "
        f"{'inside' if inside else 'outside'} the interval",
    )


def _points(rule: PowerLaw, name: str, cells: _Usable) -> list[FigurePoint]:
    """Return the moments with intervals, and the expected slope through their centre."""
    logs = [_log_moment(rule, cell, None) or 0.0 for _, cell in cells]
    shifts = [y - rule.expected * math.log(x) for (x, _), y in zip(cells, logs, strict=True)]
    centre = float(np.mean(shifts)) if shifts else 0.0
    found = []
    for (x, cell), y in zip(cells, logs, strict=True):
        low, high = _moment_interval(rule, cell)
        predicted = exp_or_none(centre + rule.expected * math.log(x))
        found.append(
            FigurePoint(series=name, x=x, y=math.exp(y), low=low, high=high, predicted=predicted)
        )
    return found


def _moment_interval(rule: PowerLaw, cell: Cell) -> tuple[float | None, float | None]:
    values = list(cell.by_seed.values())
    if rule.of is Moment.MEAN:
        estimate = from_values(values, rule.level)
        # A logarithmic axis has no place for a lower end below 0.
        if estimate is None or estimate.low <= 0:
            return None, None
        return estimate.low, estimate.high
    freedom = len(values) - 1
    scaled = float(np.std(values, ddof=1)) * math.sqrt(freedom)
    tail = (1 - rule.level) / 2
    ends = (float(chdtri(freedom, each)) for each in (tail, 1 - tail))
    low, high = (scaled / math.sqrt(end) for end in ends)
    return low, high
