"""The theory over HTTP: rwinit's numbers, and refusals that name the argument."""

import math
from pathlib import Path

import httpx
import numpy as np
import pytest

import rwinit


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path))


def gain(http: httpx.Client, **query: object) -> httpx.Response:
    return http.get("/v1/theory/gain", params={name: str(value) for name, value in query.items()})


def walk(http: httpx.Client, **query: object) -> httpx.Response:
    return http.get("/v1/theory/walk", params={name: str(value) for name, value in query.items()})


def test_an_exact_gain_comes_with_that_of_the_paper_and_of_he(http: httpx.Client) -> None:
    found = gain(http, activation="relu", width=100).json()

    assert found["gain"] == rwinit.gain("relu", 100)
    assert (found["exact"], found["standard_error"], found["depth"]) == (True, 0.0, None)
    assert found["paper_gain"] == rwinit.paper_gain("relu", 100)
    assert found["he"] == math.sqrt(2.0)


def test_slope_and_weights_are_heard(http: httpx.Client) -> None:
    query = {"activation": "leaky_relu", "width": 30, "weights": "orthogonal", "slope": 0.3}

    found = gain(http, **query).json()

    assert found["gain"] == rwinit.gain("leaky_relu", 30, weights="orthogonal", slope=0.3)
    assert found["paper_gain"] is None


def test_a_simulated_gain_has_its_standard_error(http: httpx.Client) -> None:
    found = gain(http, activation="tanh", width=64, depth=4).json()

    estimate = rwinit.estimate_gain("tanh", 64, 4)
    assert (found["gain"], found["standard_error"]) == (estimate.gain, estimate.standard_error)
    assert found["exact"] is False
    assert found["n_samples"] == estimate.n_samples > 0


def test_an_exact_walk_is_rwinits_law(http: httpx.Client) -> None:
    found = walk(http, activation="relu", width=50, depth=80, g=1.4, bound=5, probability=0.9)

    told = found.json()
    law = rwinit.walk_law("relu", 50, 80, g=1.4)
    assert (told["drift"], told["spread"]) == (float(law.drift), float(law.spread))
    chances = [each["probability"] for each in told["quantiles"]]
    norms = [each["log_norm"] for each in told["quantiles"]]
    assert chances == [0.05, 0.25, 0.5, 0.75, 0.95]
    assert norms == list(law.quantile(np.array(chances)))
    assert told["death_probability"] == float(rwinit.death_probability("relu", 50, 80))
    assert told["inverse_width_sum"] == 80 / 50
    assert told["depth_limit"] == rwinit.depth_limit("relu", 50, 5.0, 0.9, g=1.4)


def test_a_walk_without_g_takes_the_unbiased_one(http: httpx.Client) -> None:
    told = walk(http, activation="relu", width=50, depth=80).json()

    assert told["g"] == rwinit.gain("relu", 50)
    assert abs(told["drift"]) < 1e-9


def test_a_simulated_walk_has_a_correlation_depth_scale_and_no_depth_limit(
    http: httpx.Client,
) -> None:
    told = walk(http, activation="tanh", width=64, depth=4, g=1.3).json()

    law = rwinit.walk_law("tanh", 64, 4, g=1.3)
    field = rwinit.mean_field("tanh", sigma_w=1.3)
    assert (told["drift"], told["drift_error"]) == (float(law.drift), float(law.drift_error))
    assert told["depth_limit"] is None
    assert told["correlation"]["depth_scale"] == field.depth_scale
    assert told["correlation"]["fixed_point"] == field.correlation


def test_what_nothing_limits_has_no_depth_limit(http: httpx.Client) -> None:
    told = walk(http, activation="linear", width=10, depth=8, weights="orthogonal").json()

    assert (told["spread"], told["depth_limit"]) == (0.0, None)


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("width", 0),
        ("width", 2.5),
        ("depth", -1),
        ("g", 0),
        ("g", "nan"),
        ("slope", "nan"),
        ("activation", "rellu"),
        ("weights", "uniform"),
        ("bound", -1),
        ("probability", 1),
    ],
)
def test_a_bad_argument_is_a_422_that_names_it(
    http: httpx.Client, argument: str, value: object
) -> None:
    good: dict[str, object] = {"activation": "tanh", "width": 64, "depth": 4}

    response = walk(http, **good | {argument: value})

    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    (issue,) = response.json()["errors"]
    assert issue["path"] == argument
    assert issue["message"]


def test_a_network_that_would_take_minutes_is_refused_at_once(http: httpx.Client) -> None:
    large = {"activation": "tanh", "width": 100_000, "depth": 100_000}

    for response in (gain(http, **large), walk(http, **large), walk(http, **large, g=1.0)):
        assert response.status_code == 422
        assert response.json()["errors"][0]["path"] == "depth"
    assert gain(http, **large | {"activation": "relu"}).status_code == 200


def test_a_network_without_an_unbiased_g_is_a_422(
    http: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> rwinit.GainEstimate:
        raise rwinit.GainNotFoundError("gelu", 2, 200, 0.5, 90.0, 1.5, -30.0)

    # Searching in vain takes seconds.
    monkeypatch.setattr(rwinit, "estimate_gain", refuse)

    response = gain(http, activation="gelu", width=2, depth=200)

    assert response.status_code == 422
    assert response.json()["code"] == "gain_not_found"
    assert "give g explicitly" in response.json()["detail"]


def test_a_g_at_which_nothing_passes_is_a_422(http: httpx.Client) -> None:
    response = walk(http, activation="hardtanh", width=4, depth=9, g=500)

    assert response.status_code == 422
    assert [each["path"] for each in response.json()["errors"]] == ["g"]
