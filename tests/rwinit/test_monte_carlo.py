"""The laws against brute force: full matrices, forwards and backwards through one layer."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from rwinit import log_gain_law

Array = NDArray[np.float64]

SAMPLES = 60_000


def matrices(weights: str, width: int, rng: np.random.Generator) -> Array:
    normal: Array = rng.standard_normal((SAMPLES, width, width))
    if weights == "gaussian":
        return normal / math.sqrt(width)
    q, r = np.linalg.qr(normal)
    signs: Array = np.sign(np.diagonal(r, axis1=1, axis2=2))
    return q * signs[:, None, :]


def log_gains(activation: str, weights: str, width: int) -> Array:
    """Return ln z of independent layers whose mask comes from their own forward pass."""
    rng = np.random.default_rng([width, len(activation), len(weights)])
    matrix = matrices(weights, width, rng)
    h, delta = rng.standard_normal((2, SAMPLES, width))
    mask = np.einsum("sij,sj->si", matrix, h) > 0 if activation == "relu" else 1.0
    before: Array = np.einsum("sij,si->sj", matrix, mask * delta)
    z: Array = (before**2).sum(axis=1) / (delta**2).sum(axis=1)
    # A layer that is wholly off has z = 0; the law is for the others.
    logs: Array = np.log(z[z > 0])
    return logs


@pytest.mark.parametrize("width", [1, 2, 3, 8])
@pytest.mark.parametrize(
    ("activation", "weights"),
    [("linear", "gaussian"), ("relu", "gaussian"), ("relu", "orthogonal")],
)
def test_mean_and_variance_of_simulated_layers_agree_with_the_law(
    activation: str, weights: str, width: int
) -> None:
    sample = log_gains(activation, weights, width)

    law = log_gain_law(activation, width, weights=weights)
    squares = (sample - law.mean) ** 2
    root = math.sqrt(len(sample))
    # 1e-12 covers ReLU at width 1 with orthogonal weights, where z is 1 up to rounding.
    assert abs(sample.mean() - law.mean) <= 4 * sample.std() / root + 1e-12
    assert abs(squares.mean() - law.variance) <= 4 * squares.std() / root + 1e-12


def test_a_simulated_linear_orthogonal_layer_keeps_every_norm() -> None:
    assert np.abs(log_gains("linear", "orthogonal", 5)).max() < 1e-12
