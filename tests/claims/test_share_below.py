"""Shares of seeds with exact intervals, and the verdict on what trains and what does not."""

import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest

from service.claims.cells import Cell
from service.claims.statistics.share_below import exact_interval, seeds_for_share
from service.enums import Verdict
from tests.claims.simulated import cell, judged

RULE: dict[str, Any] = {
    "statistic": "share_below",
    "threshold": 0.5,
    "trains": "g_relative = 1",
    "fails": "g_relative = 1.2",
}


def seeds(n_low: int, n: int, **axes: Any) -> Cell:  # Any: values of axes
    return cell([0.1] * n_low + [0.8] * (n - n_low), **axes)


@pytest.mark.parametrize(("k", "n"), [(0, 5), (5, 5), (3, 10), (9, 10), (1, 1)])
def test_the_interval_is_clopper_and_pearsons(k: int, n: int) -> None:
    expected = binomtest(k, n).proportion_ci(0.9, method="exact")

    assert exact_interval(k, n, 0.9) == pytest.approx((expected.low, expected.high))
    assert exact_interval(0, 5, 0.95)[1] == pytest.approx(1 - 0.025**0.2)


def test_six_seeds_that_train_and_six_that_fail_support() -> None:
    found = judged(RULE, [seeds(6, 6, depth=8)], [seeds(0, 6, depth=8)])

    assert found.verdict is Verdict.SUPPORTED
    assert (found.n, found.estimate) == (6, 1.0)
    assert [each.group for each in found.findings] == ["trains: depth 8", "fails: depth 8"]


def test_five_seeds_cannot_decide_and_one_more_would() -> None:
    found = judged(RULE, [seeds(5, 5, depth=8)], [seeds(0, 6, depth=8)])

    assert found.verdict is Verdict.UNDECIDED
    assert found.more_seeds is not None
    assert found.more_seeds >= 1


def test_a_wrong_g_that_trains_refutes_at_one_depth_of_two() -> None:
    found = judged(
        RULE,
        [seeds(8, 8, depth=8), seeds(8, 8, depth=32)],
        [seeds(8, 8, depth=8), seeds(0, 8, depth=32)],
    )

    assert found.verdict is Verdict.REFUTED
    assert "depth 8" in found.reason


def test_an_error_is_compared_as_a_part_of_guessing() -> None:
    # With two classes guessing errs at 0.5: 0.3 is 0.6 of it and above the threshold.
    two = cell([0.3] * 8, chance=0.5, depth=8)
    ten = cell([0.3] * 8, chance=0.9, depth=8)

    assert judged(RULE | {"fails": None}, [two]).verdict is Verdict.REFUTED
    assert judged(RULE | {"fails": None}, [ten]).verdict is Verdict.SUPPORTED


def test_a_diverged_seed_counts_as_above_whatever_its_value() -> None:
    found = judged(RULE | {"fails": None}, [cell([0.1] * 8, lost=range(8), depth=8)])

    assert (found.verdict, found.estimate) == (Verdict.REFUTED, 0.0)


def test_the_best_of_several_has_a_wider_interval_and_every_wrong_one_must_fail() -> None:
    rates = [seeds(6, 6, depth=8, lr=0.1), seeds(0, 6, depth=8, lr=0.01)]

    # 6 of 6 clear one half at 95 % but not at the 97.5 % that a choice among two needs.
    assert judged(RULE | {"fails": None}, rates[:1]).verdict is Verdict.SUPPORTED
    assert judged(RULE | {"fails": None}, rates).verdict is Verdict.UNDECIDED
    fails = judged(RULE, [seeds(9, 9, depth=8)], rates)
    assert fails.verdict is Verdict.REFUTED
    assert len(fails.findings) == 3


def test_the_stated_seeds_put_the_share_on_its_side_four_times_in_five() -> None:
    more = seeds_for_share(14, 20, 0.5, 0.95)

    assert more is not None
    draws = np.random.default_rng(0).binomial(20 + more, 0.7, 2000)
    decided = np.mean([exact_interval(int(k), 20 + more, 0.95)[0] > 0.5 for k in draws])
    assert 0.8 - 4 * math.sqrt(0.16 / 2000) < decided < 0.9
    assert seeds_for_share(6, 20, 0.5, 0.95) == more
    assert seeds_for_share(10, 20, 0.5, 0.95) is None


def test_a_depth_or_a_side_without_a_value_leaves_the_claim_undecided() -> None:
    failing, empty = [seeds(0, 6, depth=8)], [cell([], depth=8)]
    training = [seeds(6, 6, depth=8)]

    for sides in ([[], failing], [empty, failing], [training, []], [training, [*failing, *empty]]):
        found = judged(RULE, *sides)
        assert found.verdict is Verdict.UNDECIDED
        assert found.n == 0
    # Of the configurations that should train one suffices.
    assert judged(RULE, [*training, *empty], failing).verdict is Verdict.SUPPORTED
