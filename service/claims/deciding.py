"""Verdicts from intervals, intervals by resampling seeds, and the seeds that a decision needs."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from service.enums import Verdict
from service.schemas.claims import Evidence, FigureAxes, FigurePoint, Finding

POWER = 0.8
"""Chance with which the stated number of further seeds decides."""
# More seeds than this are as good as none: the estimate lies on the border.
_MOST_SEEDS = 1_000_000
_LEAST_SEEDS = 3
_FEWEST_SEEDS = 5
_LARGEST_LOG = 700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """An estimate over seeds with its confidence interval.

    Attributes:
        n: Number of seeds.
        value: The estimate.
        low: Lower end of the interval.
        high: Upper end of the interval.
        standard_error: Standard error of `value`.
    """

    n: int
    value: float
    low: float
    high: float
    standard_error: float


def jackknife(
    statistic: Callable[[Sequence[int]], float | None], seeds: Sequence[int], level: float
) -> Estimate | None:
    """Return an estimate whose interval comes from leaving out one seed at a time.

    Seeds are left out as a whole, because trials of one seed at different depths or widths share
    their random numbers. The pseudo-values ``n T - (n - 1) T_(i)`` remove the bias of order 1 / n
    from the estimate; Student's t with n - 1 degrees of freedom on them covers better for few
    seeds than the percentiles of a bootstrap, which cover 84 % instead of 95 % at n = 5.

    Args:
        statistic: Returns the estimate from some seeds; None if they do not allow one.
        seeds: All seeds.
        level: Nominal coverage of the interval.

    Returns:
        The estimate; None for fewer than three seeds, or if a subset allows no estimate.
    """
    n = len(seeds)
    if n < _LEAST_SEEDS:
        return None
    whole = statistic(seeds)
    parts = [statistic([*seeds[:place], *seeds[place + 1 :]]) for place in range(n)]
    known = [part for part in parts if part is not None]
    if whole is None or len(known) < n:
        return None
    return from_values(n * whole - (n - 1) * np.asarray(known), level)


def from_values(values: Sequence[float] | np.ndarray, level: float) -> Estimate | None:
    """Return the mean of values with its Student interval; None for fewer than two values."""
    array = np.asarray(values, dtype=np.float64)
    n = len(array)
    if n < 2:
        return None
    mean, error = float(array.mean()), float(array.std(ddof=1)) / math.sqrt(n)
    half_width = float(stdtrit(n - 1, 0.5 + level / 2)) * error
    if not math.isfinite(mean) or not math.isfinite(half_width):
        return None
    return Estimate(
        n=n, value=mean, low=mean - half_width, high=mean + half_width, standard_error=error
    )


def exp_or_none(log: float) -> float | None:
    """Return e to a power; None where it is too large for a float, or 0 by rounding."""
    return math.exp(log) if abs(log) < _LARGEST_LOG else None


def within(estimate: Estimate, low: float, high: float) -> Verdict:
    """Return whether the true value lies in a range that was stated beforehand.

    Supported if the interval lies inside the range, refuted if the two have nothing in common.
    With enough seeds one of the two holds, so that a small deviation from a law which is only
    asymptotic does not refute it.
    """
    if low <= estimate.low and estimate.high <= high:
        return Verdict.SUPPORTED
    if estimate.high < low or estimate.low > high:
        return Verdict.REFUTED
    return Verdict.UNDECIDED


def seeds_to_decide(estimate: Estimate, borders: Sequence[float], level: float) -> int | None:
    """Return how many more seeds move the interval off the borders with a chance of 80 %.

    Args:
        estimate: The estimate so far; its standard error falls as 1 / sqrt(n).
        borders: Values at which the verdict changes; infinite ones do not count.
        level: Nominal coverage of the interval.

    Returns:
        At least 1; None if the estimate lies on a border.
    """
    distance = min(abs(estimate.value - border) for border in borders if math.isfinite(border))
    z = float(ndtri(0.5 + level / 2) + ndtri(POWER))
    if distance * math.sqrt(_MOST_SEEDS) <= z * estimate.standard_error:
        return None
    needed = math.ceil(estimate.n * (z * estimate.standard_error / distance) ** 2)
    return max(1, needed - estimate.n)


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values adjusted by Holm's step-down method, by the same keys [Holm 1979]."""
    adjusted: dict[str, float] = {}
    largest = 0.0
    for place, (key, p_value) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        largest = max(largest, min(1.0, (len(p_values) - place) * p_value))
        adjusted[key] = largest
    return adjusted


def finding(
    group: str,
    estimate: Estimate | None,
    verdict: Verdict,
    *,
    more_seeds: int | None = None,
    remark: str = "",
) -> Finding:
    """Return the finding of a group; without an estimate its numbers are empty.

    Fewer than five seeds decide nothing: their standard deviation can be small by chance, or 0.
    """
    if estimate is not None and estimate.n < _FEWEST_SEEDS and verdict is not Verdict.UNDECIDED:
        verdict, remark = (
            Verdict.UNDECIDED,
            f"fewer than {_FEWEST_SEEDS} seeds; {remark}".rstrip("; "),
        )
        more_seeds = max(more_seeds or 0, _FEWEST_SEEDS - estimate.n)
    return Finding(
        group=group,
        n=estimate.n if estimate else 0,
        estimate=estimate.value if estimate else None,
        low=estimate.low if estimate else None,
        high=estimate.high if estimate else None,
        verdict=verdict,
        more_seeds=more_seeds if verdict is Verdict.UNDECIDED else None,
        remark=remark,
    )


def conclude(
    findings: Sequence[Finding],
    *,
    quantity: str,
    expected: str,
    points: Sequence[FigurePoint],
    axes: FigureAxes,
) -> Evidence:
    """Return the verdict over all groups.

    A claim is about every group: it is supported if each one supports it, refuted if one refutes
    it, and undecided otherwise and where there is no group.
    """
    verdict = _overall(findings)
    deciding = next((each for each in findings if each.verdict is verdict), None)
    undecided = [each for each in findings if each.verdict is Verdict.UNDECIDED]
    lacking = [each.more_seeds for each in undecided if each.more_seeds is not None]
    return Evidence(
        verdict=verdict,
        quantity=quantity,
        expected=expected,
        reason=_reason(findings, verdict),
        n=min((each.n for each in findings), default=0),
        estimate=deciding.estimate if deciding else None,
        low=deciding.low if deciding else None,
        high=deciding.high if deciding else None,
        more_seeds=max(lacking) if undecided and len(lacking) == len(undecided) else None,
        findings=tuple(findings),
        points=tuple(points),
        axes=axes,
    )


def _overall(findings: Sequence[Finding]) -> Verdict:
    verdicts = {each.verdict for each in findings}
    if Verdict.REFUTED in verdicts:
        return Verdict.REFUTED
    return Verdict.SUPPORTED if verdicts == {Verdict.SUPPORTED} else Verdict.UNDECIDED


def _reason(findings: Sequence[Finding], verdict: Verdict) -> str:
    if not findings:
        return "no trial has what the rule needs"
    groups = [each.group for each in findings if each.verdict is verdict]
    return f"{verdict.value} in {len(groups)} of {len(findings)} groups" + (
        f": {'; '.join(groups[:3])}{' ...' if len(groups) > 3 else ''}"
        if verdict is not Verdict.SUPPORTED
        else ""
    )
