"""The power of depth that the best learning rate follows."""

import math
from typing import Any

import numpy as np
import pytest

from service.claims.cells import Cell
from service.enums import Verdict
from tests.claims.simulated import cell, judged

RULE: dict[str, Any] = {
    "statistic": "best_rate_power",
    "expected": -1.5,
    "tolerance": 0.2,
    "group_by": ["optimizer"],
}
DEPTHS = (10, 30, 100, 300)
RATES = tuple(10.0**exponent for exponent in np.arange(-6, 0.1, 0.5))


def grid(
    *,
    power: float = -1.5,
    n: int = 5,
    noise: float = 0.05,
    rates: tuple[float, ...] = RATES,
    optimizer: str = "adam",
    seed: int = 0,
) -> list[Cell]:
    """Return cells whose ln loss is a parabola in ln(rate) with its minimum at 0.5 depth^power."""
    rng = np.random.default_rng(seed)
    cells = []
    for depth in DEPTHS:
        best = math.log(0.5) + power * math.log(depth)
        for rate in rates:
            log_loss = -2 + 0.1 * (math.log(rate) - best) ** 2
            values = np.exp(log_loss + noise * rng.normal(size=n)).tolist()
            cells.append(cell(values, depth=depth, effective_lr=rate, optimizer=optimizer))
    return cells


def test_without_noise_the_power_is_exact() -> None:
    found = judged(RULE, grid(noise=0.0))

    assert found.estimate == pytest.approx(-1.5)
    assert found.verdict is Verdict.SUPPORTED
    assert [point.y for point in found.points] == pytest.approx([0.5 * d**-1.5 for d in DEPTHS])


def test_another_power_is_refuted_but_still_falls() -> None:
    found = judged(RULE, grid(power=-0.75))

    assert found.verdict is Verdict.REFUTED
    assert "falls with depth" in found.findings[0].remark
    assert judged(RULE | {"expected": None}, grid(power=-0.75)).verdict is Verdict.SUPPORTED


def test_the_interval_covers_the_power() -> None:
    covered = 0
    for seed in range(100):
        found = judged(RULE, grid(noise=0.2, seed=seed))
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= -1.5 <= found.high

    assert covered > 85


def test_a_group_is_judged_apart_from_another() -> None:
    found = judged(RULE, grid() + grid(optimizer="sgd", power=-0.5))

    assert [each.group for each in found.findings] == ["optimizer adam", "optimizer sgd"]
    assert [each.verdict for each in found.findings] == [Verdict.SUPPORTED, Verdict.REFUTED]


def test_a_depth_with_its_best_at_the_edge_is_named_and_left_out() -> None:
    short = tuple(rate for rate in RATES if rate > 9e-5)

    found = judged(RULE, grid(rates=short))

    assert "depth 300: best at the lower edge" in found.findings[0].remark
    assert len(found.points) == 3
    shorter = judged(RULE, grid(rates=tuple(rate for rate in RATES if rate > 2e-4)))
    assert shorter.verdict is Verdict.UNDECIDED
    assert "3 needed" in shorter.findings[0].remark


def test_a_rate_that_loses_a_seed_is_no_candidate() -> None:
    cells = [
        Cell(axes=c.axes, by_seed=c.by_seed, lost=frozenset({0}))
        if float(str(c.axes["effective_lr"])) > 0.5 * float(str(c.axes["depth"])) ** -1.5 * 2
        else c
        for c in grid(noise=0.0)
    ]

    found = judged(RULE, cells)

    assert "the next rate up loses seeds" in found.findings[0].remark
    assert found.estimate is not None
    assert abs(found.estimate + 1.5) < 0.25


def test_of_several_configurations_of_a_rate_the_best_counts() -> None:
    worse = [
        Cell(axes=c.axes, by_seed={seed: 9 * value for seed, value in c.by_seed.items()})
        for c in grid(power=-0.5)
    ]

    for cells in ([*grid(), *worse], [*worse, *grid()]):
        assert judged(RULE, cells).findings == judged(RULE, grid()).findings
