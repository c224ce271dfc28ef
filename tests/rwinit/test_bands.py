"""The band of a walk: the error's log norm by layer."""

import math

import numpy as np
import pytest

from rwinit import ArgumentError, Conditions, nonlinearity, walk_band, walk_law


def _brute_force(
    activation: str, width: int, depth: int, g: float, conditions: Conditions, count: int
) -> np.ndarray:
    """Return ``ln(|delta_d| / |delta_D|)`` of networks with all their matrices, (count, D)."""
    f, rng = nonlinearity(activation), np.random.default_rng(7)
    n_inputs = conditions.n_inputs or width
    logs = np.zeros((count, depth))
    for sample in range(count):
        h = conditions.input_deviation * rng.standard_normal(n_inputs)
        matrices, slopes = [], []
        for layer in range(depth):
            factor = g if layer else conditions.g_in
            matrices.append(factor * rng.standard_normal((width, len(h))) / math.sqrt(len(h)))
            a = matrices[-1] @ h
            h, slope = f.function(a), f.derivative(a)
            slopes.append(slope)
        delta = rng.standard_normal(width)
        start = math.log(np.linalg.norm(delta))
        for layer in range(depth - 1, 0, -1):
            delta = matrices[layer].T @ (slopes[layer] * delta)
            with np.errstate(divide="ignore"):
                logs[sample, layer - 1] = np.log(np.linalg.norm(delta)) - start
    return logs[np.isfinite(logs[:, 0])]


@pytest.mark.parametrize(
    ("activation", "g", "conditions"),
    [
        ("tanh", 1.2, Conditions(input_deviation=2.0)),
        ("tanh", 1.6, Conditions(n_inputs=5)),
        ("gelu", 1.7, Conditions(g_in=1.5)),
        ("relu", 1.3, Conditions()),
    ],
)
def test_a_band_agrees_with_networks_of_whole_matrices(
    activation: str, g: float, conditions: Conditions
) -> None:
    width, depth, count = 12, 9, 1500
    band = walk_band(activation, width, depth, g=g, conditions=conditions)
    measured = _brute_force(activation, width, depth, g, conditions, count)

    # Both sides are samples: 2000 simulated networks, or none where the law is exact.
    share = 1 / count + 1 / 2000
    error = np.sqrt(share) * band.deviation[:-1]
    assert np.all(np.abs(measured.mean(axis=0) - band.mean)[:-1] < 4.5 * error)
    ratio = measured.std(axis=0, ddof=1)[:-1] / band.deviation[:-1]
    # The log of a chi-square has more kurtosis than a normal; 0.8 covers it at this width.
    assert np.all(np.abs(ratio - 1) < 4.5 * 0.8 * math.sqrt(share))
    assert band.mean[-1] == band.deviation[-1] == 0


def test_the_first_layer_of_a_band_is_the_walk() -> None:
    band, law = walk_band("tanh", 20, 15, g=1.3), walk_law("tanh", 20, 15, g=1.3)

    assert band.deviation[0] == law.spread
    # The walk's drift has its noise taken out by control variates.
    assert abs(band.mean[0] - law.drift) < 4 * law.spread / math.sqrt(law.n_samples)


def test_a_non_homogeneous_band_is_not_that_of_shorter_networks() -> None:
    # Signals are small in the first layers, which pass everything, and saturate later.
    quiet = Conditions(g_in=0.01)
    whole = walk_band("tanh", 50, 20, g=2.0, conditions=quiet)
    part = walk_band("tanh", 50, 10, g=2.0, conditions=quiet)

    assert part.mean[0] - whole.mean[10] > 1.0


def test_a_band_is_remembered(tmp_path: object) -> None:
    first = walk_band("tanh", 10, 5, g=1.1, cache_dir=str(tmp_path))
    again = walk_band("tanh", 10, 5, g=1.1, cache_dir=str(tmp_path))

    assert np.array_equal(first.mean, again.mean)
    assert np.array_equal(first.deviation, again.deviation)


def test_one_layer_has_no_walk() -> None:
    for activation in ("relu", "tanh"):
        band = walk_band(activation, 10, 1, g=1.0)
        assert band.mean.tolist() == band.deviation.tolist() == [0.0]


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("width", {"width": 0}),
        ("depth", {"depth": -1}),
        ("g", {"g": 0.0}),
        ("activation", {"activation": "swoosh"}),
        ("weights", {"weights": "haar"}),
    ],
)
def test_an_argument_that_is_not_allowed_is_named(field: str, arguments: dict[str, object]) -> None:
    given = {"activation": "tanh", "width": 10, "depth": 5, "g": 1.0} | arguments
    with pytest.raises(ArgumentError, match=field):
        walk_band(**given)  # type: ignore[arg-type] # by name
