"""Paired differences, no improvement with depth, means and optima."""

import math
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.stats import ttest_1samp

from service.claims.cells import Cell
from service.claims.statistics.optimum_between import resampled_optima
from service.claims.statistics.paired import p_value
from service.enums import Verdict
from tests.claims.simulated import cell, judged, normal

PAIRED: dict[str, Any] = {
    "statistic": "paired",
    "first": 'scheme = "rwi"',
    "second": 'scheme = "he"',
    "expect": "less",
}
FLAT: dict[str, Any] = {"statistic": "no_improvement", "margin": 0.1, "beyond": 8}
MEAN: dict[str, Any] = {
    "statistic": "mean_equals",
    "expected": {"times": -1, "axis": "g"},
    "tolerance": 0.01,
}
OPTIMUM: dict[str, Any] = {"statistic": "optimum_between", "axis": "g", "low": 1.1, "high": 1.3}


def shifted(base: list[float], by: float, noise: float, seed: int, **axes: Any) -> Cell:
    """Return a cell that is another one moved, with its own noise; seeds are shared."""
    rng = np.random.default_rng(seed)
    return cell([value + by + noise * rng.normal() for value in base], **axes)


@pytest.fixture
def base() -> list[float]:
    return normal(np.random.default_rng(0), 10)


def test_the_p_values_are_students() -> None:
    values = normal(np.random.default_rng(3), 12, mean=0.4)

    assert p_value(values) == pytest.approx(ttest_1samp(values, 0.0).pvalue)
    greater = ttest_1samp(values, 0.1, alternative="greater").pvalue
    assert p_value(values, above=0.1) == pytest.approx(greater)
    assert p_value([1.0]) == 1.0
    assert p_value([0.0, 0.0]) == 1.0
    assert p_value([0.5, 0.5]) == 0.0
    assert p_value([0.5, 0.5], above=0.6) == 1.0


def test_a_difference_within_seeds_is_seen_through_their_common_noise(base: list[float]) -> None:
    found = judged(PAIRED, [shifted(base, -0.2, 0.1, 1, depth=8)], [cell(base, depth=8)])

    assert found.verdict is Verdict.SUPPORTED
    assert found.estimate == pytest.approx(-0.2, abs=0.15)
    assert (
        judged(
            PAIRED | {"expect": "greater"},
            [shifted(base, -0.2, 0.1, 1, depth=8)],
            [cell(base, depth=8)],
        ).verdict
        is Verdict.REFUTED
    )


def test_holm_makes_many_depths_harder(base: list[float]) -> None:
    first = [shifted(base, -0.1, 0.12, 5, depth=depth) for depth in range(1, 9)]
    second = [cell(base, depth=depth) for depth in range(1, 9)]

    alone, together = judged(PAIRED, first[:1], second[:1]), judged(PAIRED, first, second)

    assert alone.verdict is Verdict.SUPPORTED
    assert together.verdict is Verdict.UNDECIDED


def test_of_each_side_the_best_configuration_counts(base: list[float]) -> None:
    worse = shifted(base, 0.5, 0.1, 1, depth=8)
    diverging = cell([v - 9 for v in base], lost=[3], depth=8)
    best = shifted(base, -0.3, 0.1, 2, depth=8)

    found = judged(PAIRED, [worse, diverging, best], [cell(base, depth=8)])

    assert found.estimate == pytest.approx(-0.3, abs=0.15)


@pytest.mark.parametrize("missing", [0, 1])
def test_a_depth_that_one_side_lacks_leaves_the_claim_undecided(
    base: list[float], missing: int
) -> None:
    first = [shifted(base, -0.2, 0.1, 1, depth=depth) for depth in (8, 16)]
    sides = [first, [cell(base, depth=depth) for depth in (8, 16)]]
    sides[missing] = sides[missing][:1]

    found = judged(PAIRED, *sides)

    assert [each.verdict for each in found.findings] == [Verdict.SUPPORTED, Verdict.UNDECIDED]
    assert found.verdict is Verdict.UNDECIDED


def test_a_depth_without_values_is_not_stepped_over(base: list[float]) -> None:
    cells = [cell(base, depth=8), cell([], depth=16), shifted(base, 0.5, 0.05, 1, depth=32)]

    found = judged(FLAT, cells)

    assert [each.group for each in found.findings] == ["depth 16 after 8", "depth 32 after 16"]
    assert found.verdict is Verdict.UNDECIDED


def test_equal_depths_support_no_improvement_only_with_enough_seeds() -> None:
    def flat(n: int) -> list[Cell]:
        rng = np.random.default_rng(0)
        return [cell(normal(rng, n, sd=0.1), depth=depth) for depth in (8, 16, 32)]

    assert judged(FLAT, flat(60)).verdict is Verdict.SUPPORTED
    few = judged(FLAT, flat(4))
    assert few.verdict is Verdict.UNDECIDED
    assert few.more_seeds is not None


def test_an_improvement_beyond_the_margin_refutes_and_a_loss_does_not(base: list[float]) -> None:
    better = [cell(base, depth=8), shifted(base, -0.5, 0.05, 1, depth=16)]
    worse = [cell(base, depth=8), shifted(base, 0.5, 0.05, 1, depth=16)]

    assert judged(FLAT, better).verdict is Verdict.REFUTED
    assert judged(FLAT, worse).verdict is Verdict.SUPPORTED


def test_depths_before_the_stated_one_do_not_count(base: list[float]) -> None:
    cells = [shifted(base, -d / 8, 0.01, d, depth=d) for d in (2, 4)] + [
        shifted(base, 0.0, 0.01, d, depth=d) for d in (8, 16)
    ]

    found = judged(FLAT, cells)

    assert [each.group for each in found.findings] == ["depth 16 after 8"]
    assert found.verdict is Verdict.SUPPORTED


def test_a_mean_equals_a_multiple_of_its_axis_at_each_depth() -> None:
    rng = np.random.default_rng(0)
    cells = [
        cell(normal(rng, 50, mean=-c, sd=0.02), depth=depth, g=c)
        for c in (0.5, 2.0)
        for depth in (10, 100)
    ]

    found = judged(MEAN, cells)

    assert found.verdict is Verdict.SUPPORTED
    assert len(found.findings) == 4
    assert {point.predicted for point in found.points} == {-0.5, -2.0}


def test_a_mean_beside_its_value_is_refuted_and_a_vague_one_open() -> None:
    rng = np.random.default_rng(0)
    off = cell(normal(rng, 50, mean=-1.1, sd=0.02), depth=10, g=1.0)
    vague = cell(normal(rng, 4, mean=-1.0, sd=0.5), depth=10, g=1.0)

    assert judged(MEAN, [off]).verdict is Verdict.REFUTED
    found = judged(MEAN, [vague])
    assert found.verdict is Verdict.UNDECIDED
    assert found.more_seeds is not None
    assert judged(MEAN | {"expected": -1.1}, [off]).verdict is Verdict.SUPPORTED


def bowl(centre: float, noise: float, n: int = 6) -> list[Cell]:
    rng = np.random.default_rng(0)
    return [
        cell([(g - centre) ** 2 + noise * rng.normal() for _ in range(n)], depth=8, g=g)
        for g in (0.9, 1.0, 1.1, 1.2, 1.3, 1.4)
    ]


@pytest.mark.parametrize(
    ("centre", "noise", "verdict"),
    [
        (1.2, 0.001, Verdict.SUPPORTED),
        (0.9, 0.001, Verdict.REFUTED),
        (1.35, 0.02, Verdict.UNDECIDED),
    ],
)
def test_the_best_value_of_an_axis_lies_inside_outside_or_on_the_edge(
    centre: float, noise: float, verdict: Verdict
) -> None:
    assert judged(OPTIMUM, bowl(centre, noise)).verdict is verdict


def test_a_value_that_loses_seeds_is_not_the_best() -> None:
    lower = cell([-9.0] * 6, lost=[0], depth=8, g=0.9)

    optima = resampled_optima("g", [lower, *bowl(1.2, 0.001)[1:]])

    # Resamples without the lost seed have none: (5 / 6)^6 of them.
    share = float(np.mean(np.array(optima) == 0.9))
    assert abs(share - (5 / 6) ** 6) < 4 * math.sqrt(0.25 / 2000)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="at least low"):
        judged(OPTIMUM | {"low": 1.4})
