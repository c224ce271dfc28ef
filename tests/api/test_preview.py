"""Previews over HTTP: counts and warnings at once, nothing written, pending until simulated."""

import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

import rwinit
from service.planner import forecasts
from service.planner.forecasts import Forecast, simulated_forecast
from service.planner.walk_laws import PredictedLaw
from service.planner.walk_requests import WalkRequest
from service.services.simulations import Simulations
from service.store import Database, calibrations
from tests.api.live_server import LiveServer, dependencies_of
from tests.api.test_submit import BAD, YAML, rows
from tests.factories import calibration
from tests.query.sweep_rows import SPEC

_TANH = """\
version: 1
name: cold
network: {activation: tanh, depth: [3, 4], width: 64}
training: {epochs: 1, lr: 0.1}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path))


def post(http: httpx.Client, body: str = SPEC) -> httpx.Response:
    return http.post("/v1/sweeps/preview", content=body, headers=YAML)


def settled(http: httpx.Client, body: str) -> dict[str, Any]:  # Any: a tree of JSON
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found: dict[str, Any] = post(http, body).json()
        if found["n_pending"] == 0:
            return found
        time.sleep(0.02)
    raise AssertionError("still pending")


def test_a_sweep_is_counted_and_nothing_is_written(http: httpx.Client, database: Database) -> None:
    response = post(http)

    found = response.json()
    assert response.status_code == 200
    assert (found["n_trials"], found["n_points"], found["n_configurations"]) == (18, 6, 6)
    assert found["parameters"]["low"] < found["parameters"]["high"]
    assert found["memory_bytes"]["low"] > 8 * found["parameters"]["low"]
    assert found["flops_total"] > 0
    assert rows(database) == (0, 0, 0)


def test_rows_have_the_g_that_will_be_run(http: httpx.Client) -> None:
    found = post(http).json()

    assert len(found["rows"]) == 10
    first = found["rows"][0]
    assert first["g"] == 0.9 * rwinit.gain("relu", 16)
    assert (first["depth"], first["width"], first["g_relative"], first["seed"]) == (2, 16, 0.9, 0)
    assert found["configurations"][first["configuration"]]["g"] == first["g"]


def test_exact_walks_are_there_at_once(http: httpx.Client) -> None:
    found = post(http).json()

    assert found["n_pending"] == 0
    law = rwinit.walk_law("relu", 16, 8, g=0.9 * rwinit.gain("relu", 16))
    (deep,) = (
        each for each in found["configurations"] if (each["depth"], each["g_relative"]) == (8, 0.9)
    )
    assert (deep["drift"], deep["spread"]) == (float(law.drift), float(law.spread))
    assert (deep["exact"], deep["n_trials"]) == (True, 3)


def test_a_cold_preview_is_pending_and_the_same_one_later_is_not(
    http: httpx.Client, database: Database, live_server: LiveServer
) -> None:
    go = threading.Event()

    def slowly(request: WalkRequest) -> Forecast:
        assert go.wait(30)
        return simulated_forecast(request)

    live_server.use(replace(dependencies_of(database), simulations=Simulations(slowly)))

    cold = post(http, _TANH).json()
    go.set()
    warm = settled(http, _TANH)

    assert cold["n_pending"] == 2
    assert [each["pending"] for each in cold["configurations"]] == [True, True]
    assert [each["g"] for each in cold["configurations"]] == [None, None]
    assert [row["g"] for row in cold["rows"]] == [None, None]
    assert [each["g"] for each in warm["configurations"]] == [
        rwinit.gain("tanh", 64, depth) for depth in (3, 4)
    ]
    assert all(each["spread"] > 0 for each in warm["configurations"])


def test_what_was_simulated_is_there_after_a_restart(
    http: httpx.Client, database: Database, live_server: LiveServer
) -> None:
    warm = settled(http, _TANH)

    live_server.use(replace(dependencies_of(database), simulations=Simulations(_never)))

    assert post(http, _TANH).json() == warm


def test_warnings_name_the_configurations_that_cannot_train(http: httpx.Client) -> None:
    deep = SPEC.replace("[2, 8]", "128").replace("width: 16", "width: 100")
    body = deep.replace("[0.9, 1.0, 1.1]", "[0.5, 1.0, 2.0]")

    found = post(http, body).json()

    kinds = {each["kind"]: each for each in found["warnings"]}
    assert set(kinds) == {"vanish", "explode"}
    assert "width 100, depth 128, g 0.5 x unbiased" in kinds["vanish"]["message"]
    assert [
        found["configurations"][i]["g_relative"] for i in kinds["vanish"]["configurations"]
    ] == [0.5]


def test_a_sweep_that_can_train_has_no_warning(http: httpx.Client) -> None:
    body = SPEC.replace("[2, 8]", "32").replace("width: 16", "width: 100")

    assert post(http, body.replace("[0.9, 1.0, 1.1]", "1.0")).json()["warnings"] == []


def test_a_kind_without_a_law_says_so_and_its_networks_are_counted_apart(
    http: httpx.Client,
) -> None:
    network = (
        "network: {kind: residual, activation: relu, depth: 4, width: 16, branch_scale: [1, 2]}"
    )
    spec = f"version: 1\nname: skips\n{network}\ntraining: {{epochs: 1, lr: 0.1}}\n"

    found = post(http, spec).json()

    assert (found["n_configurations"], found["n_pending"], found["warnings"]) == (2, 0, [])
    assert {row["kind"] for row in found["rows"]} == {"residual"}
    own = [row["hyperparameters"] for row in found["rows"]]
    assert own == [{"branch_scale": 1.0}, {"branch_scale": 2.0}]
    assert {row["label_smoothing"] for row in found["rows"]} == {0.0}
    first, second = found["configurations"]
    assert first["name"] == "residual, relu, width 16, depth 4, g 1 x unbiased, branch_scale 1"
    assert second["name"].endswith("branch_scale 2")
    for each in (first, second):
        assert each["kind"] == "residual"
        assert (each["drift"], each["spread"], each["pending"]) == (None, None, False)
        assert each["remark"] == "no law is known for the walk of residual networks"


def test_a_refused_spec_lists_all_its_issues(http: httpx.Client) -> None:
    response = post(http, BAD)

    assert (response.status_code, response.json()["code"]) == (422, "spec_refused")
    submitted = http.post("/v1/sweeps", content=BAD, headers=YAML).json()
    assert response.json()["errors"] == submitted["errors"]
    assert len(submitted["errors"]) >= 5


def test_ten_thousand_trials_are_previewed_within_two_seconds_of_processor_time(
    http: httpx.Client,
    database: Database,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The warm-up would take minutes: the cache on disk is filled with made-up walks.
    made_up = forecasts._Gain(
        g=1.2,
        law=PredictedLaw(drift=0.1, drift_error=0.01, spread=0.5),
        depth_scale=40.0,
        merges=False,
    )
    monkeypatch.setattr(forecasts, "_simulate", lambda _: made_up)
    body = """\
version: 1
name: grid
network:
  activation: [relu, tanh, leaky_relu]
  depth: [8, 16, 32, 64, 128, 256]
  width: [32, 64, 96, 128, 256]
init: {g: {relative: [0.9, 1.0, 1.1]}}
training: {epochs: 1, lr: [0.01, 0.02, 0.05, 0.1]}
seeds: 10
limits: {max_trials: 20000}
"""
    settled(http, body)
    # Nothing that this process remembers is of use to a new one but what is on disk.
    live_server.use(replace(dependencies_of(database), simulations=Simulations(_never)))
    start = time.process_time()

    response = post(http, body)

    seconds = time.process_time() - start
    found = response.json()
    assert (found["n_trials"], found["n_configurations"], found["n_pending"]) == (10_800, 270, 0)
    assert seconds < 2, seconds


def test_a_failed_simulation_has_a_remark_and_the_others_go_on(
    http: httpx.Client, database: Database, live_server: LiveServer
) -> None:
    def sometimes(request: WalkRequest) -> Forecast:
        if request.question.depth == 3:
            raise MemoryError
        return simulated_forecast(request)

    live_server.use(replace(dependencies_of(database), simulations=Simulations(sometimes)))

    first, second = settled(http, _TANH)["configurations"]

    assert "failed" in first["remark"]
    assert (second["remark"], second["pending"]) == (None, False)


def _never(request: WalkRequest) -> Forecast:
    raise AssertionError(f"simulated again: {request}")


def test_there_is_no_time_before_a_device_has_been_measured(http: httpx.Client) -> None:
    estimate = post(http).json()["time"]

    assert estimate["seconds"] is None
    assert "until a sweep has run" in estimate["remark"]


def test_the_time_is_that_of_the_measured_workers_with_its_error(
    http: httpx.Client, database: Database
) -> None:
    with database.write() as session:
        calibrations.put(session, [calibration(actors=1)])
    alone = post(http).json()["time"]
    with database.write() as session:
        calibrations.put(session, [calibration(actors=3)])
    shared = post(http).json()["time"]

    assert (shared["actors"], shared["device"]) == (3, calibration().device)
    assert shared["error_factor"] == 2.0
    assert 0 < shared["seconds"] < alone["seconds"]


@pytest.mark.parametrize(("device", "known"), [("auto", True), ("cpu", True), ("cuda", False)])
def test_a_time_is_of_the_device_that_the_spec_asks_for(
    http: httpx.Client, database: Database, device: str, known: bool
) -> None:
    with database.write() as session:
        calibrations.put(session, [calibration()])

    estimate = post(http, f"{SPEC}\nresources: {{device: {device}}}\n").json()["time"]

    assert (estimate["seconds"] is not None) == known


def test_networks_with_filters_have_a_law_and_bounds(http: httpx.Client) -> None:
    filters = "[haar, identity]"
    network = (
        f"network: {{kind: roaf, activation: tanh, depth: 50000, width: 16, filter: {filters}}}"
    )
    spec = f"version: 1\nname: filters\n{network}\ntraining: {{epochs: 1, lr: 0.1}}\n"

    found = post(http, spec).json()

    assert (found["n_configurations"], found["n_pending"], found["warnings"]) == (2, 0, [])
    own = found["rows"][0]["hyperparameters"]
    assert own == {
        "c": 1.0,
        "alpha": pytest.approx(1 - 2e-5),
        "beta": pytest.approx(2e-5),
        "filter": "haar",
        "shared_filter": False,
    }
    assert found["rows"][0]["branch_lr_factor"] == pytest.approx(50_000)
    for forecast in found["configurations"]:
        assert forecast["drift"] == pytest.approx(-1.0, abs=0.01)
        assert forecast["log_gain_low"] < -1.0 < forecast["log_gain_high"]
    assert "roaf, tanh, width 16, depth 50000" in found["configurations"][0]["name"]


def test_a_network_with_filters_and_weights_without_a_law_says_so(http: httpx.Client) -> None:
    spec = (
        "version: 1\nname: filters\nnetwork: {kind: roaf, activation: tanh, depth: 10, width: 16}\n"
        "init: {scheme: orthogonal, g: {relative: 1.1}}\ntraining: {epochs: 1, lr: 0.1}\n"
    )

    (forecast,) = post(http, spec).json()["configurations"]

    assert forecast["remark"] == (
        "no law is known for the walk of roaf networks with orthogonal weights"
    )
    assert "unbiased" not in forecast["name"]
