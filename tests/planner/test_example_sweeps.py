"""The example sweeps: each parses, plans, and asks for what its comment says."""

from pathlib import Path

import pytest

from service.planner import check, plan
from service.spec import load
from tests.planner.shapes import SHAPES
from tests.spec.documents import SWEEP

SWEEPS = sorted((Path(__file__).parents[2] / "sweeps").glob("*.yaml"))


@pytest.mark.parametrize("path", SWEEPS, ids=[path.stem for path in SWEEPS])
def test_an_example_sweep_can_be_planned(path: Path) -> None:
    spec = load(path)

    trials = [trial for each in plan(SWEEP, spec, SHAPES) for trial in each.trials]
    assert len(trials) == check(spec, SHAPES)
    assert spec.name == path.stem
    assert path.read_text().startswith("# ")


def test_there_are_example_sweeps() -> None:
    assert {
        *("demo", "mnist-depth", "g-extremes", "schedules", "large", "budget"),
        *("early-stopping", "residual"),
    } <= {path.stem for path in SWEEPS}


def test_the_large_sweep_has_ten_thousand_trials() -> None:
    (path,) = (path for path in SWEEPS if path.stem == "large")

    assert check(load(path), SHAPES) == 10_000


def test_the_budget_sweep_has_a_width_for_every_depth() -> None:
    (path,) = (path for path in SWEEPS if path.stem == "budget")
    networks = [each.configuration.network for each in plan(SWEEP, load(path), SHAPES)]
    widths = {network.depth: network.width for network in networks}

    assert len(set(widths.values())) == len(widths) == 6
    assert sorted(widths.values(), reverse=True) == [widths[depth] for depth in sorted(widths)]


def test_the_residual_sweep_compares_networks_of_equal_sizes_with_and_without_skips() -> None:
    (path,) = (path for path in SWEEPS if path.stem == "residual")
    networks = [each.configuration.network for each in plan(SWEEP, load(path), SHAPES)]
    sizes = {
        kind: {(n.activation, n.depth, n.width) for n in networks if n.kind == kind}
        for kind in ("ffn", "residual")
    }

    assert sizes["ffn"] == sizes["residual"]
    assert {depth for _, depth, _ in sizes["ffn"]} == {4, 8, 16, 32, 64}
