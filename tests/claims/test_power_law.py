"""Slopes of ln sd: without bias, with intervals that cover, and their verdicts."""

import math
from typing import Any

import numpy as np
import pytest

from service.claims.cells import Cell
from service.claims.statistics.power_law import log_sd
from service.enums import Verdict
from tests.claims.simulated import cell, judged, normal

RULE: dict[str, Any] = {
    "statistic": "power_law",
    "predictor": "depth / width",
    "expected": 0.5,
    "tolerance": 0.1,
}
DEPTHS = (8, 16, 32, 64)


def walks(seed: int, n: int, power: float = 0.5) -> list[Cell]:
    """Return cells whose sd is (depth / width)^power."""
    rng = np.random.default_rng(seed)
    return [
        cell(normal(rng, n, sd=(depth / width) ** power), depth=depth, width=width)
        for depth in DEPTHS
        for width in (16, 64)
    ]


@pytest.mark.parametrize("n", [3, 5, 20])
def test_the_log_of_a_standard_deviation_has_no_bias(n: int) -> None:
    rng = np.random.default_rng(0)
    logs = np.array([log_sd(normal(rng, n, sd=2.0)) for _ in range(4000)], dtype=float)

    assert abs(logs.mean() - math.log(2.0)) < 4 * logs.std() / math.sqrt(4000)


def test_of_one_value_or_equal_ones_there_is_no_log_sd() -> None:
    assert log_sd([1.0]) is None
    assert log_sd([1.0, 1.0]) is None


@pytest.mark.parametrize("n", [5, 10])
def test_the_interval_of_the_slope_covers_as_often_as_it_says(n: int) -> None:
    covered, estimates = 0, []
    for seed in range(400):
        found = judged(RULE, walks(seed, n))
        assert found.low is not None
        assert found.high is not None
        assert found.estimate is not None
        covered += found.low <= 0.5 <= found.high
        estimates.append(found.estimate)

    assert covered / 400 > 0.92
    assert abs(np.mean(estimates) - 0.5) < 4 * np.std(estimates) / 20


def test_seeds_shared_by_depths_are_resampled_as_a_whole() -> None:
    # The same draw at each depth: the slope is exact, though each sd is not.
    draw = np.array(normal(np.random.default_rng(0), 6))
    cells = [cell((draw * d**0.5).tolist(), depth=d, width=1) for d in DEPTHS]

    found = judged(RULE, cells)

    assert found.verdict is Verdict.SUPPORTED
    assert (found.low, found.high) == pytest.approx((0.5, 0.5))


def test_many_seeds_support_the_law_and_refute_another() -> None:
    assert judged(RULE, walks(0, 200)).verdict is Verdict.SUPPORTED
    assert judged(RULE, walks(0, 200, power=0.75)).verdict is Verdict.REFUTED


def test_few_seeds_leave_open_and_say_how_many_more() -> None:
    found = judged(RULE, walks(0, 8))

    assert found.verdict is Verdict.UNDECIDED
    assert found.more_seeds is not None
    assert 5 < found.more_seeds < 5000


def test_a_mean_has_a_power_too_and_groups_are_fitted_apart() -> None:
    rng = np.random.default_rng(0)
    cells = [
        cell(normal(rng, 20, mean=d**power, sd=0.01), depth=d, width=1, activation=name)
        for name, power in (("relu", 1.0), ("tanh", 2.0))
        for d in DEPTHS
    ]
    rule = RULE | {"of": "mean", "predictor": "depth", "group_by": ["activation"], "expected": 1.0}

    found = judged(rule, cells)

    assert [each.verdict for each in found.findings] == [Verdict.SUPPORTED, Verdict.REFUTED]
    assert [each.estimate for each in found.findings] == pytest.approx([1.0, 2.0], abs=0.01)
    assert found.verdict is Verdict.REFUTED


def test_two_values_of_the_predictor_make_no_law() -> None:
    found = judged(RULE, [c for c in walks(0, 20) if c.axes["depth"] == 8])

    assert found.verdict is Verdict.UNDECIDED
    assert "3 needed" in found.findings[0].remark


def test_points_carry_the_expected_slope() -> None:
    points = judged(RULE, walks(0, 50)).points
    first, last = points[0], points[-1]

    assert first.predicted is not None
    assert last.predicted is not None
    slope = math.log(last.predicted / first.predicted) / math.log(last.x / first.x)
    assert slope == pytest.approx(0.5)
    assert all(p.low is not None and p.low < p.y for p in points)


def test_a_law_beyond_the_floats_is_judged_without_a_predicted_line() -> None:
    found = judged(RULE | {"expected": 3000.0, "predictor": "depth"}, walks(0, 20))

    assert found.verdict is Verdict.REFUTED
    assert {point.predicted for point in found.points} == {None}
