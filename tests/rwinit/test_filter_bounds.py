"""Bounds of singular values: those of explicit Jacobians and of random matrices lie within them.

References:
    [C22], [DS01] Listed in `rwinit.filter_bounds`.
"""

import math

import numpy as np
import pytest

from rwinit import (
    ArgumentError,
    filter_coefficients,
    jacobian_log_bounds,
    largest_slope,
    nonlinearity,
    spectral_norm_bound,
)
from tests.rwinit.additive_filter_networks import layers_from_seeds

WIDTH = 32


@pytest.mark.parametrize("activation", ["tanh", "relu", "gelu"])
@pytest.mark.parametrize("c", [0.5, 2.0])
@pytest.mark.parametrize("filter", ["haar", "permutation", "identity"])
def test_every_singular_value_of_the_jacobian_is_within_the_bounds(
    activation: str, c: float, filter: str
) -> None:
    depth = 200
    alpha, beta = filter_coefficients(depth, c=c)
    layers, f = layers_from_seeds(WIDTH, 1, 7, filter), nonlinearity(activation)
    rng = np.random.default_rng(1)
    h, jacobian, norm = f.function(rng.standard_normal(WIDTH)), np.eye(WIDTH), 0.0
    for d in range(depth - 1):
        orthogonal, weight = layers(d).orthogonal[0], layers(d).weight[0]
        slopes = f.derivative(weight @ h)
        jacobian = (alpha * orthogonal + beta * slopes[:, None] * weight) @ jacobian
        h = alpha * orthogonal @ h + beta * f.function(weight @ h)
        norm = max(norm, float(np.linalg.norm(weight, 2)))

    low, high = jacobian_log_bounds(
        depth - 1, alpha=alpha, beta=beta, norm=norm, lipschitz=largest_slope(activation)
    )

    logs = np.log(np.linalg.svd(jacobian, compute_uv=False))
    assert low < logs.min()
    assert logs.max() < high
    # They are no wider than by a factor of a few.
    assert high - low < 2.2 * c * largest_slope(activation) * norm


def test_the_bounds_are_attained_by_aligned_matrices() -> None:
    alpha, beta, layers = 0.9, 0.1, 30

    low, high = jacobian_log_bounds(layers, alpha=alpha, beta=beta, norm=2.0)

    # O = 1 and W = +2 or -2 in a linear network.
    assert math.isclose(high, layers * math.log(0.9 + 0.2))
    assert math.isclose(low, layers * math.log(0.9 - 0.2))


def test_the_bounds_of_infinite_depth_are_exponentials_of_c() -> None:
    c, w, layers = 1.5, 2.0, 10_000_000

    low, high = jacobian_log_bounds(layers, alpha=1 - c / layers, beta=c / layers, norm=w)

    assert abs(low + c * (1 + w)) < 1e-5
    assert abs(high - c * (w - 1)) < 1e-5


def test_there_is_no_lower_bound_where_a_layer_may_cancel_the_state() -> None:
    assert jacobian_log_bounds(5, alpha=0.4, beta=0.2, norm=2.0)[0] == -math.inf
    assert jacobian_log_bounds(5, alpha=0.0, beta=0.0, norm=2.0) == (-math.inf, -math.inf)
    assert jacobian_log_bounds(0, alpha=0.4, beta=0.2, norm=2.0) == (0.0, 0.0)


@pytest.mark.parametrize(("width", "count"), [(2, 500), (16, 500), (64, 50)])
def test_random_matrices_keep_the_bound_of_their_norms_and_come_near_it(
    width: int, count: int
) -> None:
    weights = np.random.default_rng(3).standard_normal((20, count, width, width))
    norms = np.linalg.norm(weights * (1.5 / math.sqrt(width)), 2, axis=(-2, -1)).max(axis=1)

    assert norms.max() < spectral_norm_bound(width, count, g=1.5)
    assert norms.min() > 0.45 * spectral_norm_bound(width, count, g=1.5)


def test_largest_slopes_are_those_of_the_activations() -> None:
    assert largest_slope("tanh") == 1.0
    assert largest_slope("relu") == 1.0
    assert largest_slope("leaky_relu", -3.0) == 3.0
    assert abs(largest_slope("gelu") - 1.12890) < 1e-4
    assert abs(largest_slope("silu") - 1.09984) < 1e-4
    assert abs(largest_slope("selu") - 1.75810) < 1e-3


def test_arguments_that_are_not_allowed_are_refused() -> None:
    with pytest.raises(ArgumentError, match="probability"):
        spectral_norm_bound(8, 1, probability=1.0)
    with pytest.raises(ArgumentError, match="norm"):
        jacobian_log_bounds(3, alpha=1.0, beta=0.1, norm=-1.0)
