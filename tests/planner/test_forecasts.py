"""Forecasts of walks: exact ones immediately, others simulated once and cached."""

import math
from pathlib import Path

import pytest

import rwinit
from service.enums import WarningKind
from service.planner import forecasts
from service.planner.forecasts import (
    Forecast,
    cached_forecast,
    immediate_forecast,
    pending_forecast,
    simulated_forecast,
)
from service.planner.walk_laws import MOST_UNITS
from service.planner.walk_requests import WalkRequest
from service.planner.warnings import warnings_of
from tests.planner.random_networks import RELU, TANH, asked
from workers.contract import Activation


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_exact_forecast_is_rwinits_law() -> None:
    forecast = immediate_forecast(asked(RELU, relative=1.1))

    law = rwinit.walk_law("relu", 100, 32, g=1.1 * rwinit.gain("relu", 100))
    assert forecast is not None
    assert forecast.drift == float(law.drift)
    assert forecast.spread == float(law.spread)
    assert forecast.drift_error == 0.0
    assert forecast.death_probability == float(rwinit.death_probability("relu", 100, 32))


def test_a_simulated_forecast_is_rwinits_law_and_is_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = asked(TANH, g_in=1.5)
    assert immediate_forecast(request) is None
    assert cached_forecast(request) is None

    forecast = simulated_forecast(request)

    conditions = rwinit.Conditions(g_in=1.5)
    g = rwinit.gain("tanh", 64, 4, conditions=conditions)
    law = rwinit.walk_law("tanh", 64, 4, g=g, conditions=conditions)
    assert (forecast.g, forecast.drift, forecast.spread) == (g, float(law.drift), float(law.spread))
    monkeypatch.setattr(forecasts, "_simulate", None)
    assert cached_forecast(request) == forecast
    assert cached_forecast(asked(request, g_in=1.0)) is None


def test_what_has_no_unbiased_g_is_kept_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> float:
        raise rwinit.GainNotFoundError("gelu", 2, 200, 0.5, 90.0, 1.5, -30.0)

    # Searching in vain takes seconds.
    monkeypatch.setattr(forecasts, "unbiased_gain", refuse)
    hopeless = asked(TANH, activation=Activation.GELU, width=2, depth=200)

    first, again = simulated_forecast(hopeless), cached_forecast(hopeless)

    assert first == again
    assert first.without_gain
    assert first.g is None
    assert "came closest to 0 at g = 1.5" in (first.remark or "")
    found = warnings_of([hopeless], [first])
    assert [each.kind for each in found] == [WarningKind.NO_GAIN]
    assert "gelu, width 2, depth 200" in found[0].message


def test_a_network_that_is_too_large_is_not_simulated() -> None:
    forecast = immediate_forecast(asked(TANH, width=1000, depth=MOST_UNITS // 1000 + 1))

    assert forecast is not None
    assert forecast.drift is None
    assert not forecast.pending
    assert forecast.remark is not None


def test_a_saturated_hardtanh_network_passes_nothing() -> None:
    saturated = asked(
        TANH, activation=Activation.HARDTANH, width=2, depth=60, relative=None, g=1000.0
    )

    forecast = simulated_forecast(saturated)

    assert forecast.passes_nothing
    assert cached_forecast(saturated) == forecast
    assert forecast.remark is not None
    assert forecast.depth_scale is None


SMALL = asked(TANH, width=8, relative=None, g=1.4)


@pytest.mark.parametrize(
    "network",
    [
        SMALL,
        asked(TANH, relative=0.9),
        asked(SMALL, n_inputs=12, g_in=2.0),
        asked(SMALL, weights="orthogonal"),
        asked(SMALL, g=0.9),
        asked(SMALL, activation=Activation.GELU),
    ],
    ids=["g", "relative", "inputs", "orthogonal", "ordered", "without fixed point"],
)
def test_a_recalled_forecast_is_the_simulated_one(
    network: WalkRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    forecast = simulated_forecast(network)

    # A preview recalls a thousand of them: nothing slow may be asked of rwinit.
    monkeypatch.setattr(rwinit, "mean_field", None)
    monkeypatch.setattr(rwinit, "walk_law", None)
    assert cached_forecast(network) == forecast
    assert forecast.spread is not None
    assert not forecast.pending


GOOD = {
    "g": 1.4,
    "law": {"drift": 0.1, "drift_error": 0.01, "spread": 0.5},
    "depth_scale": 9.0,
    "merges": False,
}


def test_a_stored_answer_is_read_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    _store(SMALL, GOOD)

    assert cached_forecast(SMALL) == Forecast(
        g=1.4,
        drift=0.1,
        drift_error=0.01,
        spread=0.5,
        death_probability=forecasts.death_probability("tanh", 8, 4, 0.0),
        depth_scale=9.0,
        merges=False,
    )


@pytest.mark.parametrize(
    "stored",
    [
        [0.0, 1.4, 0.1, 0.01, 0.5, 9.0, 0.0],
        {name: value for name, value in GOOD.items() if name != "law"},
        {name: value for name, value in GOOD.items() if name != "depth_scale"},
        GOOD | {"law": {"drift": 0.1}},
        GOOD | {"law": {"drift": math.nan, "drift_error": 0.01, "spread": 0.5}},
        GOOD | {"g": math.inf},
        GOOD | {"g": "much"},
        {"lowest": 0.5, "highest": 90.0, "closest": 1.5},
        {},
        "text",
        7,
    ],
)
def test_a_damaged_or_older_stored_value_is_ignored(stored: object) -> None:
    _store(SMALL, GOOD)
    assert cached_forecast(SMALL) is not None

    _store(SMALL, stored)

    assert cached_forecast(SMALL) is None


def test_a_damaged_file_is_ignored_and_written_again(cache: Path) -> None:
    forecast = simulated_forecast(SMALL)
    for file in cache.iterdir():
        file.write_text(file.read_text()[:-9])

    assert cached_forecast(SMALL) is None
    assert simulated_forecast(SMALL) == forecast
    assert cached_forecast(SMALL) == forecast


def _store(request: WalkRequest, value: object) -> None:
    folder = rwinit.cache.cache_folder()
    rwinit.cache.store_json(folder, forecasts._key(request), value)


_AT_PLANNING = "; g is simulated when the sweep is planned"


@pytest.mark.parametrize(
    ("network", "g", "why_no_g"),
    [
        (asked(RELU, relative=1.1), 1.1 * rwinit.gain("relu", 100), ""),
        (asked(RELU, relative=None, g=1.5), 1.5, ""),
        (asked(TANH, relative=None, g=1.2), 1.2, ""),
        (asked(TANH, width=1000, depth=MOST_UNITS // 1000 + 1), None, _AT_PLANNING),
    ],
    ids=["exact", "exact with g", "with g", "too large"],
)
def test_a_kind_without_a_law_has_a_remark_and_no_numbers(
    network: WalkRequest, g: float | None, why_no_g: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("asked for a law")

    monkeypatch.setattr(rwinit, "walk_law", fail)

    forecast = immediate_forecast(asked(network, kind="other", has_law=False))

    remark = f"no law is known for the walk of other networks{why_no_g}"
    assert forecast == Forecast(g=g, remark=remark)


def test_the_g_of_a_kind_without_a_law_is_simulated_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    request = asked(TANH, relative=1.1, kind="other", has_law=False)
    monkeypatch.setattr(forecasts, "predicted_law", None)

    assert immediate_forecast(request) is None
    assert pending_forecast(request) == Forecast(pending=True)
    simulated = simulated_forecast(request)

    g = 1.1 * rwinit.gain("tanh", TANH.question.width, TANH.question.depth)
    remark = "no law is known for the walk of other networks"
    assert simulated.g == pytest.approx(g, rel=1e-12)
    assert simulated == Forecast(g=simulated.g, remark=remark)
    assert cached_forecast(request) == simulated


def test_a_kind_without_a_law_whose_layers_have_no_unbiased_g_is_warned_of() -> None:
    request = asked(TANH, width=4, kind="other", has_law=False)

    forecast = simulated_forecast(request)

    assert forecast.without_gain
    assert forecast.remark is not None
    assert "leaves the walk of 'tanh' at width 4" in forecast.remark
    (warning,) = warnings_of([request], [forecast])
    assert warning.kind is WarningKind.NO_GAIN
