"""Summaries and tests against scipy, and the edges where nothing can be known."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from service.query.statistics import (
    Summary,
    compare_means,
    summarize,
)
from service.schemas.comparisons import IntervalKind, SignificanceTest

ANY_FINITE = st.floats(allow_nan=False, allow_infinity=False)
BY_SEED = st.dictionaries(st.integers(0, 5), ANY_FINITE)


def test_a_summary_equals_numpy_and_scipy() -> None:
    values = [0.21, 0.25, 0.2, 0.31]

    summary = summarize(values, IntervalKind.T, 0.9)

    error = scipy.stats.sem(values)
    low, high = scipy.stats.t.interval(0.9, df=3, loc=np.mean(values), scale=error)
    assert summary.n == 4
    assert summary.mean == pytest.approx(np.mean(values))
    assert summary.sd == pytest.approx(np.std(values, ddof=1))
    assert summary.median == pytest.approx(np.median(values))
    assert (summary.min, summary.max) == (0.2, 0.31)
    assert (summary.ci_low, summary.ci_high) == pytest.approx((low, high))


def test_nothing_gives_nothing_and_one_value_has_no_spread() -> None:
    assert summarize([], IntervalKind.T, 0.95) == Summary(n=0)
    assert summarize([0.5], IntervalKind.T, 0.95) == Summary(
        n=1, mean=0.5, median=0.5, min=0.5, max=0.5
    )


def test_a_bootstrap_is_the_same_on_every_call_and_lies_within_the_values() -> None:
    values = [0.1, 0.4, 0.2, 0.9, 0.3]

    first = summarize(values, IntervalKind.BOOTSTRAP, 0.95)
    second = summarize(values, IntervalKind.BOOTSTRAP, 0.95)

    assert first == second
    assert first.ci_low is not None
    assert first.ci_high is not None
    assert 0.1 <= first.ci_low < np.mean(values) < first.ci_high <= 0.9


def test_the_t_interval_covers_what_it_says_and_the_bootstrap_covers_74_per_cent_at_3() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(size=(1000, 3))

    def coverage(kind: IntervalKind) -> float:
        found = [summarize(list(row), kind, 0.95) for row in samples]
        return float(np.mean([(s.ci_low or 0.0) <= 0.0 <= (s.ci_high or 0.0) for s in found]))

    standard_error = math.sqrt(0.95 * 0.05 / 1000)
    assert abs(coverage(IntervalKind.T) - 0.95) < 4 * standard_error
    assert abs(coverage(IntervalKind.BOOTSTRAP) - 0.74) < 0.06


@given(st.lists(ANY_FINITE, max_size=5), st.sampled_from(IntervalKind))
def test_no_finite_values_give_a_number_that_is_not_finite(
    values: list[float], kind: IntervalKind
) -> None:
    summary = summarize(values, kind, 0.95)

    numbers = (summary.mean, summary.sd, summary.median, summary.ci_low, summary.ci_high)
    assert all(number is None or math.isfinite(number) for number in numbers)


def test_shared_seeds_are_compared_as_pairs() -> None:
    first = {0: 0.21, 1: 0.33, 2: 0.52, 9: 5.0}
    second = {0: 0.25, 1: 0.35, 2: 0.6}

    found = compare_means(first, second)

    expected = scipy.stats.ttest_rel([0.21, 0.33, 0.52], [0.25, 0.35, 0.6])
    assert found is not None
    assert (found.test, found.n) == (SignificanceTest.PAIRED_T, 3)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert found.difference == pytest.approx(-0.14 / 3)


def test_other_seeds_are_compared_by_welch() -> None:
    first, second = {0: 0.2, 1: 0.3}, {1: 0.5, 2: 0.7, 3: 0.9}

    found = compare_means(first, second)

    expected = scipy.stats.ttest_ind([0.2, 0.3], [0.5, 0.7, 0.9], equal_var=False)
    assert found is not None
    assert (found.test, found.n) == (SignificanceTest.WELCH_T, 5)
    assert found.p_value == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({0: 0.1}, {0: 0.2}),
        ({0: 0.1, 1: 0.2}, {2: 0.3}),
        ({0: 0.1, 1: 0.2}, {0: 0.1, 1: 0.2}),
        ({0: 0.1, 1: 0.2}, {0: 0.3, 1: 0.4}),
        ({0: 0.1, 1: 0.1}, {2: 0.3, 3: 0.3}),
    ],
)
def test_too_few_seeds_or_no_spread_cannot_be_tested(
    first: dict[int, float], second: dict[int, float]
) -> None:
    assert compare_means(first, second) is None


@given(BY_SEED, BY_SEED)
def test_a_comparison_is_finite_or_absent(
    first: dict[int, float], second: dict[int, float]
) -> None:
    found = compare_means(first, second)

    if found is not None:
        assert math.isfinite(found.difference)
        assert 0.0 <= found.p_value <= 1.0
