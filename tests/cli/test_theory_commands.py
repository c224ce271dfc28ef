"""`fathom theory` without a service, and `fathom submit --dry-run` against one."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

import rwinit
from service.cli.formatting import band
from service.cli.preview_tables import scaled
from service.client import Client
from service.planner.forecasts import Forecast
from service.services.simulations import Simulations
from service.store import Database
from tests.api.live_server import LiveServer, dependencies_of
from tests.api.test_submit import rows
from tests.cli.test_commands import fathom
from tests.query.sweep_rows import SPEC

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_theory_prints_g_and_the_walk_without_a_service() -> None:
    result = fathom(NOWHERE, "theory", "relu", "--width", 100, "--depth", 128)

    assert result.exit_code == 0
    assert f"{rwinit.gain('relu', 100):.6g}, unbiased, exact" in result.stdout
    spread = float(rwinit.walk_law("relu", 100, 128).spread)
    assert f"{spread:.4g} nats" in result.stdout


def test_theory_as_json_is_the_walk() -> None:
    command = ("theory", "tanh", "--width", 64, "--depth", 6, "--g", 1.2, "--json")

    result = fathom(NOWHERE, *command)

    document = json.loads(result.stdout)
    assert document["g"] == 1.2
    assert document["drift"] == float(rwinit.walk_law("tanh", 64, 6, g=1.2).drift)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_plot_has_the_band_of_every_layer(tmp_path: Path, activation: str) -> None:
    file = tmp_path / "band.vl.json"

    result = fathom(
        NOWHERE, "theory", activation, "--width", 10, "--depth", 30, "--g", 1.3, "--plot", file
    )

    assert f"wrote {file}" in result.stdout
    points = json.loads(file.read_text())["datasets"]["walks"]
    assert [point["layers"] for point in points] == list(range(30))
    assert [points[0][name] for name in ("q05", "q50", "q95")] == [0.0, 0.0, 0.0]
    law = rwinit.walk_law(activation, 10, 30, g=1.3)
    # 2000 networks: the standard error of the median is 0.03 spreads, of the 95 % end 0.05.
    scale = float(law.spread)
    assert points[-1]["q50"] == pytest.approx(float(law.drift), abs=0.2 * scale)
    width = (points[-1]["q95"] - points[-1]["q05"]) / 2
    assert width == pytest.approx(1.645 * scale, rel=0.15)


def test_the_plot_is_drawn_as_svg(tmp_path: Path) -> None:
    file = tmp_path / "band.svg"

    fathom(NOWHERE, "theory", "relu", "--width", 10, "--depth", 1, "--plot", file)

    assert file.read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        (("--width", 0), "width"),
        (("--depth", -1), "depth"),
        (("--g", "nan"), "g must be"),
        (("--plot", "band.gif"), ".svg"),
        (("--width", 10**6, "--depth", 10**6), "width times depth"),
    ],
)
def test_bad_arguments_exit_with_2_and_are_named(changed: tuple[object, ...], named: str) -> None:
    result = fathom(NOWHERE, "theory", "tanh", "--width", 64, "--depth", 4, *changed)

    assert result.exit_code == 2
    assert named in result.stderr


def test_an_unknown_activation_exits_with_2_and_the_known_ones() -> None:
    result = fathom(NOWHERE, "theory", "rellu", "--width", 64, "--depth", 4)

    assert result.exit_code == 2
    assert "softplus" in result.stderr


def test_networks_that_pass_nothing_exit_with_2() -> None:
    result = fathom(NOWHERE, "theory", "hardtanh", "--width", 4, "--depth", 9, "--g", 500)

    assert result.exit_code == 2
    assert "pass an error" in result.stderr


def test_a_dry_run_prints_the_preview_and_queues_nothing(
    url: str, database: Database, spec_file: Path
) -> None:
    result = fathom(url, "submit", "--dry-run", spec_file)

    assert result.exit_code == 0, result.output
    assert "18 (6 points)" in result.stdout
    assert "relu, width 16, depth 8, g 0.9 x unbiased" in result.stdout
    assert rows(database) == (0, 0, 0)


def test_a_dry_run_warns_and_says_what_is_pending(
    url: str, database: Database, live_server: LiveServer, tmp_path: Path
) -> None:
    # Nothing real, which would go on in the background of the tests that follow.
    unreal = Simulations(lambda each: Forecast(g=each.g))
    live_server.use(replace(dependencies_of(database), simulations=unreal))
    path = tmp_path / "deep.yaml"
    path.write_text(SPEC.replace("relu", "[relu, tanh]").replace("[2, 8]", "128"))

    result = fathom(url, "submit", "--dry-run", path)

    assert "warning: 1 configuration" in result.stdout
    assert "3 of 6 predicted walks are still being simulated" in result.stdout


def _network_spec(folder: Path, network: str) -> Path:
    path = folder / "network.yaml"
    path.write_text(f"version: 1\nname: n\nnetwork: {network}\ntraining: {{epochs: 1, lr: 0.1}}\n")
    return path


def test_a_dry_run_of_a_kind_without_a_law_says_that_there_is_no_prediction(
    url: str, tmp_path: Path
) -> None:
    spec = _network_spec(tmp_path, "{kind: residual, activation: relu, depth: 4, width: 16}")

    output = fathom(url, "submit", "--dry-run", spec).stdout

    (row,) = (line for line in output.splitlines() if line.startswith("residual, relu"))
    assert "no law is known for the walk of residual networks" in row
    assert output.splitlines()[-1] == "theory has no prediction for these networks"


def test_a_dry_run_says_how_many_networks_theory_predicts(url: str, tmp_path: Path) -> None:
    plain = "{activation: relu, depth: 4, width: 100}"
    residual = "{kind: residual, activation: relu, depth: 4, width: 100}"
    mixed = fathom(url, "submit", "--dry-run", _network_spec(tmp_path, f"[{plain}, {residual}]"))
    alone = fathom(url, "submit", "--dry-run", _network_spec(tmp_path, plain))

    last = "theory expects nothing to go wrong"
    assert mixed.stdout.splitlines()[-1] == f"{last} in the 1 of 2 networks that it predicts"
    assert alone.stdout.splitlines()[-1] == last
    assert "1 distinct random network\n" in alone.stdout.replace("  ", "").replace(" \n", "\n")


def test_a_dry_run_as_json_is_the_preview(url: str, spec_file: Path) -> None:
    document = json.loads(fathom(url, "submit", "--dry-run", "--json", spec_file).stdout)

    assert (document["n_trials"], document["n_pending"]) == (18, 0)


def test_a_dry_run_of_a_refused_spec_exits_with_2(url: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(SPEC.replace("relu", "rellu").replace("epochs: 2", "epochs: -2"))

    result = fathom(url, "submit", "--dry-run", path)

    assert result.exit_code == 2
    assert "network.activation" in result.stderr
    assert "training.epochs" in result.stderr


def test_a_dry_run_cannot_be_watched(url: str, spec_file: Path) -> None:
    assert fathom(url, "submit", "--dry-run", "--watch", spec_file).exit_code == 2


def test_the_client_has_the_theory(url: str) -> None:
    with Client(url) as client:
        gain = client.theory_gain("relu", 30, weights="orthogonal")
        walk = client.theory_walk("relu", 30, 9, g=1.5, bound=3.0)

    assert gain.gain == rwinit.gain("relu", 30, weights="orthogonal")
    assert gain.he == math.sqrt(2)
    assert walk.drift == float(rwinit.walk_law("relu", 30, 9, g=1.5).drift)
    assert walk.bound == 3.0


@pytest.mark.parametrize(
    ("value", "words"), [(0, "0 B"), (999, "999 B"), (1_440_000, "1.44 MB"), (999_900, "1 MB")]
)
def test_large_counts_have_a_prefix(value: int, words: str) -> None:
    assert scaled(value, "B") == words


def test_a_band_that_rounds_to_nothing_has_no_sign() -> None:
    assert band(-0.001, 0.3) == "0.00 ± 0.30"
    assert band(-1.234, 2.0) == "-1.23 ± 2.00"
    assert band(None, 1.0) == "-"
