"""Intervals by resampling seeds, Holm's method, and the number of seeds that decides."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from service.claims.deciding import (
    Estimate,
    conclude,
    finding,
    from_values,
    holm,
    jackknife,
    seeds_to_decide,
    within,
)
from service.enums import Verdict
from service.schemas.claims import FigureAxes

AXES = FigureAxes(x_title="x", y_title="y")


def estimate(value: float, half_width: float, n: int = 10) -> Estimate:
    return Estimate(
        n=n,
        value=value,
        low=value - half_width,
        high=value + half_width,
        standard_error=half_width / 2,
    )


def test_of_a_mean_the_jackknife_is_students_interval() -> None:
    values = np.random.default_rng(0).normal(size=7)

    def mean(seeds: Sequence[int]) -> float:
        return float(values[list(seeds)].mean())

    found, expected = jackknife(mean, range(7), 0.95), from_values(values, 0.95)

    assert found is not None
    assert expected is not None
    assert found.value == pytest.approx(expected.value)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_the_jackknife_removes_the_bias_of_a_variance_that_divides_by_n() -> None:
    values = np.random.default_rng(0).normal(size=9)

    found = jackknife(lambda seeds: float(values[list(seeds)].var()), range(9), 0.95)

    assert found is not None
    assert found.value == pytest.approx(values.var(ddof=1))


def test_two_seeds_or_a_subset_without_an_estimate_give_no_interval() -> None:
    assert jackknife(lambda seeds: 1.0, range(2), 0.95) is None
    assert jackknife(lambda seeds: None if 0 in seeds else 1.0, range(5), 0.95) is None


@pytest.mark.parametrize(
    ("value", "half_width", "verdict"),
    [
        (0.5, 0.05, Verdict.SUPPORTED),
        (0.55, 0.04, Verdict.SUPPORTED),
        (0.5, 0.2, Verdict.UNDECIDED),
        (0.6, 0.05, Verdict.UNDECIDED),
        (0.7, 0.05, Verdict.REFUTED),
        (0.3, 0.05, Verdict.REFUTED),
    ],
)
def test_a_range_is_met_missed_or_open(value: float, half_width: float, verdict: Verdict) -> None:
    assert within(estimate(value, half_width), 0.4, 0.6) is verdict


def test_holms_p_values_are_those_of_the_textbook() -> None:
    # Four hypotheses; the third adjusted value may not fall below the second.
    found = holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.005})

    assert found == pytest.approx({"d": 0.02, "a": 0.03, "c": 0.06, "b": 0.06})
    assert holm({}) == {}


def test_the_stated_seeds_decide_with_the_stated_chance() -> None:
    rng = np.random.default_rng(1)
    first = Estimate(n=10, value=0.3, low=-0.4, high=1.0, standard_error=1 / math.sqrt(10))

    more = seeds_to_decide(first, (0.0,), 0.95)

    # ((1.960 + 0.842) / 0.3)^2 = 87.2 seeds for an effect of 0.3 standard deviations.
    assert more == 88 - 10
    decided = 0
    for _ in range(1000):
        found = from_values(rng.normal(0.3, 1.0, 88), 0.95)
        assert found is not None
        decided += found.low > 0
    assert abs(decided / 1000 - 0.8) < 4 * math.sqrt(0.16 / 1000)


def test_an_estimate_on_the_border_is_not_decided_by_any_number_of_seeds() -> None:
    assert seeds_to_decide(estimate(0.4, 0.1), (0.4, 0.6), 0.95) is None
    assert seeds_to_decide(estimate(0.0, 0.1), (-math.inf, 0.0), 0.95) is None


def test_one_refuted_group_refutes_and_one_open_group_leaves_open() -> None:
    groups = {each: finding(each.value, estimate(1.0, 0.1), each, more_seeds=5) for each in Verdict}

    def verdict(*names: Verdict) -> Verdict:
        found = [groups[name] for name in names]
        return conclude(found, quantity="q", expected="e", points=[], axes=AXES).verdict

    supported, refuted, undecided = Verdict
    assert verdict(supported, supported) is supported
    assert verdict(supported, undecided) is undecided
    assert verdict(supported, undecided, refuted) is refuted
    assert verdict() is undecided
    assert groups[supported].more_seeds is None


@pytest.mark.parametrize(("n", "verdict"), [(4, Verdict.UNDECIDED), (5, Verdict.SUPPORTED)])
def test_fewer_than_five_seeds_decide_nothing(n: int, verdict: Verdict) -> None:
    estimate = Estimate(n=n, value=1.0, low=1.0, high=1.0, standard_error=0.0)

    found = finding("all", estimate, Verdict.SUPPORTED)

    assert found.verdict is verdict
    assert found.more_seeds == (1 if n == 4 else None)
