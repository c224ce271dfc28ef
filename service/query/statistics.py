"""Means over seeds with confidence intervals, and tests between two configurations.

Student's t is the default interval. The percentile bootstrap is too narrow for few seeds: at a
nominal 95 % it covers the mean in 74 % of cases for n = 3, 84 % for n = 5 and 89 % for n = 10.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from service.schemas.comparisons import IntervalKind, SignificanceTest

_RESAMPLES = 4000
# Fixed, so that the same rows give the same interval on each call.
_BOOTSTRAP_SEED = 20140


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Summary of a group of finite values; a statistic that is undefined or overflows is None.

    Attributes:
        n: Number of values.
        mean: Mean; None for n = 0.
        sd: Sample standard deviation (n - 1); None for n < 2.
        median: Middle value, or mean of the two middle ones; None for n = 0.
        min: Smallest value; None for n = 0.
        max: Largest value; None for n = 0.
        ci_low: Lower end of the mean's interval; None for n < 2.
        ci_high: Upper end of the mean's interval; None for n < 2.
    """

    n: int
    mean: float | None = None
    sd: float | None = None
    median: float | None = None
    min: float | None = None
    max: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None


def summarize(values: Sequence[float], kind: IntervalKind, level: float) -> Summary:
    """Return the summary of finite values.

    Args:
        values: Any number of finite values.
        kind: Student's t or percentile bootstrap.
        level: Nominal coverage of the interval, strictly between 0 and 1.
    """
    n = len(values)
    if n == 0:
        return Summary(n=0)
    array = np.asarray(values, dtype=np.float64)
    # Losses near the largest double overflow in sums and squares; `_finite` drops the result.
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = _interval(array, kind, level) if n > 1 else (None, None)
        return Summary(
            n=n,
            mean=_finite(array.mean()),
            sd=_finite(array.std(ddof=1)) if n > 1 else None,
            median=_finite(np.median(array)),
            min=float(array.min()),
            max=float(array.max()),
            ci_low=low,
            ci_high=high,
        )


def _interval(
    values: NDArray[np.float64], kind: IntervalKind, level: float
) -> tuple[float | None, float | None]:
    tail = (1.0 - level) / 2.0
    if kind is IntervalKind.BOOTSTRAP:
        generator = np.random.default_rng(_BOOTSTRAP_SEED)
        picks = generator.integers(len(values), size=(_RESAMPLES, len(values)))
        low, high = np.quantile(values[picks].mean(axis=1), [tail, 1.0 - tail])
        return _finite(low), _finite(high)
    half_width = stdtrit(len(values) - 1, 1.0 - tail) * values.std(ddof=1) / math.sqrt(len(values))
    return _finite(values.mean() - half_width), _finite(values.mean() + half_width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Difference of two means, with a test of the hypothesis that there is none.

    Attributes:
        difference: First mean minus second mean; over shared seeds if paired.
        test: Kind of test.
        p_value: Two-sided p-value.
        n: Number of pairs, or of values on both sides together.
    """

    difference: float
    test: SignificanceTest
    p_value: float
    n: int


def compare_means(first: Mapping[int, float], second: Mapping[int, float]) -> Difference | None:
    """Return the difference of two means over seeds, paired by seed where possible.

    Trials of one seed see the data in the same order, so pairing removes that part of the noise.
    The paired test is used if the two sides have at least two seeds in common, else Welch's test
    if both sides have at least two values.

    Args:
        first: Values of the first side by seed.
        second: Values of the second side by seed.

    Returns:
        The difference, or None if no test is possible: too few values, or all of them equal.
    """
    shared = sorted(first.keys() & second.keys())
    with np.errstate(over="ignore", invalid="ignore"):
        if len(shared) > 1:
            return _paired([first[seed] for seed in shared], [second[seed] for seed in shared])
        if len(first) > 1 and len(second) > 1:
            return _welch(list(first.values()), list(second.values()))
    return None


def _paired(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    differences = np.subtract(first, second, dtype=np.float64)
    n = len(differences)
    # Equal differences can differ by rounding errors; a test of those would be highly significant.
    if np.ptp(differences) <= 4.0 * np.finfo(np.float64).eps * np.max(np.abs([first, second])):
        return None
    standard_error = differences.std(ddof=1) / math.sqrt(n)
    return _tested(differences.mean(), standard_error, n - 1, SignificanceTest.PAIRED_T, n)


def _welch(first: Sequence[float], second: Sequence[float]) -> Difference | None:
    a, b = (np.var(side, ddof=1) / len(side) for side in (first, second))
    if a + b == 0.0:
        return None
    # Degrees of freedom by Welch and Satterthwaite, written in shares, which cannot overflow.
    share = a / (a + b)
    freedom = 1.0 / (share**2 / (len(first) - 1) + (1.0 - share) ** 2 / (len(second) - 1))
    difference = float(np.mean(first) - np.mean(second))
    n = len(first) + len(second)
    return _tested(difference, math.sqrt(a + b), float(freedom), SignificanceTest.WELCH_T, n)


def _tested(
    difference: float, standard_error: float, freedom: float, test: SignificanceTest, n: int
) -> Difference | None:
    if not 0.0 < standard_error < math.inf:
        return None
    p_value = 2.0 * float(stdtr(freedom, -abs(difference) / standard_error))
    if not math.isfinite(difference) or not math.isfinite(p_value):
        return None
    return Difference(difference=float(difference), test=test, p_value=p_value, n=n)


def _finite(value: float) -> float | None:
    # A sum of losses near 1e308 overflows; a number that is not finite is not valid JSON.
    return float(value) if math.isfinite(value) else None
