"""The law of networks with additive filters: simulation with explicit matrices, limits, refusals.

References:
    [C22], [derived] Listed in `rwinit.additive_filters`.
"""

import math
import time
from typing import TypedDict

import numpy as np
import pytest

import rwinit
from rwinit import (
    ArgumentError,
    additive_filter_band,
    additive_filter_law,
    filter_coefficients,
    filter_strength,
    nonlinearity,
)
from tests.rwinit.additive_filter_networks import error_log_norms, layers_from_seeds


class Factors(TypedDict, total=False):
    c: float
    alpha: float
    beta: float


SETTINGS: list[tuple[str, str, Factors, float]] = [
    ("tanh", "haar", {"c": 1.0}, 1.0),
    ("tanh", "permutation", {"c": 3.0}, 1.0),
    ("tanh", "identity", {"alpha": 1.0, "beta": 0.03}, 1.5),
    ("relu", "haar", {"alpha": 0.99, "beta": 0.05}, 1.4),
    ("relu", "permutation", {"c": 1.0}, 1.0),
    ("relu", "identity", {"c": 2.0}, 1.0),
    ("gelu", "haar", {"c": 2.0}, 1.5),
    ("gelu", "permutation", {"alpha": 0.97, "beta": 0.05}, 1.0),
    ("gelu", "identity", {"c": 1.0}, 1.0),
    ("softplus", "identity", {"c": 1.0}, 1.0),
]


def simulated(
    activation: str, filter: str, depth: int, alpha: float, beta: float, g: float, seed: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    width, networks = 16, 400
    rng = np.random.default_rng(seed)
    start = nonlinearity(activation).function(rng.standard_normal((networks, width)))
    layers = layers_from_seeds(width, networks, seed, filter, g)
    return error_log_norms(layers, depth, alpha, beta, start, activation, rng)


@pytest.mark.parametrize(("activation", "filter", "factors", "g"), SETTINGS)
def test_drift_and_spread_are_those_of_networks_with_explicit_matrices(
    activation: str, filter: str, factors: Factors, g: float
) -> None:
    depth = 30
    alpha, beta = filter_coefficients(depth, **factors)
    walk = simulated(activation, filter, depth, alpha, beta, g, seed=1)

    band = additive_filter_band(activation, 16, depth, g=g, filter=filter, **factors)
    law = additive_filter_law(activation, 16, depth, g=g, filter=filter, **factors)

    assert band is not None
    assert law is not None
    assert (law.drift, law.spread) == (band.mean[0], band.deviation[0])
    n = walk.shape[1]
    for d in (0, depth // 2, depth - 2):
        drift, spread = walk[d].mean(), walk[d].std(ddof=1)
        assert abs(drift - band.mean[d]) < 4 * spread / math.sqrt(n)
        # A standard deviation has a relative error of sqrt((kurtosis - 1) / (4 n)).
        kurtosis = ((walk[d] - drift) ** 4).mean() / spread**4
        assert abs(spread / band.deviation[d] - 1) < 4 * math.sqrt((kurtosis - 1) / (4 * n))
    assert (band.mean[-1], band.deviation[-1]) == (0.0, 0.0)


def test_the_identity_s_coherent_term_is_what_an_odd_activation_lacks() -> None:
    haar, identity = (
        additive_filter_law("relu", 16, 1000, filter=filter) for filter in ("haar", "identity")
    )
    odd = [additive_filter_law("tanh", 16, 1000, filter=f) for f in ("haar", "identity")]

    assert haar is not None
    assert identity is not None
    assert identity.drift - haar.drift > 0.02
    assert identity.spread > 5 * haar.spread
    assert odd[0] == odd[1]


@pytest.mark.parametrize("depth", [100, 1000])
def test_the_mean_log_gradient_norm_of_ten_networks_is_minus_c(depth: int) -> None:
    check_minus_c(depth, width=16)


def test_the_mean_log_gradient_norm_of_ten_wide_networks_is_minus_c() -> None:
    check_minus_c(100, width=64)


@pytest.mark.slow
@pytest.mark.parametrize("depth", [10_000, 50_000])
def test_the_mean_log_gradient_norm_of_ten_very_deep_networks_is_minus_c(depth: int) -> None:
    check_minus_c(depth, width=16)


def check_minus_c(depth: int, width: int, c: float = 1.0, networks: int = 10) -> None:
    rng = np.random.default_rng(depth)
    start = np.tanh(rng.standard_normal((networks, width)))
    layers = layers_from_seeds(width, networks, depth)
    alpha, beta = filter_coefficients(depth, c=c)

    end = error_log_norms(layers, depth, alpha, beta, start, "tanh", rng)[0]

    law = additive_filter_law("tanh", width, depth, c=c)
    assert law is not None
    error = end.std(ddof=1) / math.sqrt(networks)
    assert abs(end.mean() + c) < 0.01 * c + 4 * error
    assert abs(end.mean() - law.drift) < 4 * law.spread / math.sqrt(networks)


def test_the_drift_tends_to_minus_c_and_the_spread_falls_as_one_over_the_root_of_depth() -> None:
    laws = [additive_filter_law("tanh", 64, depth, c=1.5) for depth in (5_000, 50_000)]

    assert laws[0] is not None
    assert laws[1] is not None
    assert abs(laws[1].drift + 1.5) < 1e-4
    assert abs(laws[0].spread / laws[1].spread / math.sqrt(10) - 1) < 0.01


def test_blocks_of_layers_give_the_law_of_single_layers() -> None:
    # 2001 layers are the most that are taken one at a time.
    for filter in ("haar", "identity"):
        one, two = (additive_filter_law("gelu", 64, d, filter=filter, c=3.0) for d in (2001, 2002))

        assert one is not None
        assert two is not None
        assert abs(one.drift - two.drift) < 1e-4
        assert abs(one.spread / two.spread - 1) < 2e-3


def test_the_law_of_fifty_thousand_layers_takes_a_fraction_of_a_second() -> None:
    start = time.process_time()
    additive_filter_band("silu", 64, 50_000, filter="permutation")

    assert time.process_time() - start < 1.0


def test_an_input_of_larger_scale_saturates_tanh_and_lowers_the_spread() -> None:
    plain = additive_filter_law("tanh", 64, 100, g=2.0)
    scaled = additive_filter_law(
        "tanh", 64, 100, g=2.0, conditions=rwinit.Conditions(g_in=0.05, n_inputs=2)
    )

    assert plain is not None
    assert scaled is not None
    assert scaled.spread > 1.2 * plain.spread


def test_a_network_of_one_layer_and_one_without_nonlinear_part_have_no_spread() -> None:
    one = additive_filter_law("relu", 8, 1)
    filtered = additive_filter_law("relu", 8, 11, alpha=0.9, beta=0.0)

    assert one == rwinit.AdditiveFilterLaw(0.0, 0.0, 0.0)
    assert filtered is not None
    assert abs(filtered.drift - 10 * math.log(0.9)) < 1e-12
    assert filtered.spread == 0.0


@pytest.mark.parametrize(
    ("factors", "g"),
    [
        ({"c": 30.0}, 1.0),
        ({"alpha": -0.5, "beta": 0.5}, 1.0),
        ({"alpha": 0.5, "beta": 0.5}, 1.0),
        ({"alpha": 0.9, "beta": 0.5}, 1.5),
        ({"alpha": 1e30, "beta": 0.1}, 1.0),
    ],
)
def test_there_is_no_prediction_where_the_expansion_is_not_accurate(
    factors: Factors, g: float
) -> None:
    assert additive_filter_law("relu", 16, 30, g=g, filter="identity", **factors) is None
    assert additive_filter_band("relu", 16, 30, g=g, filter="identity", **factors) is None


@pytest.mark.parametrize(
    ("activation", "filter", "factors", "g"),
    [
        ("relu", "identity", {"c": 3.0}, 1.0),
        ("gelu", "haar", {"alpha": 0.9, "beta": 0.1}, 1.4),
        ("tanh", "identity", {"alpha": 0.9, "beta": 0.2}, 1.0),
    ],
)
def test_the_drift_keeps_its_stated_error_where_the_expansion_is_least_accurate(
    activation: str, filter: str, factors: Factors, g: float
) -> None:
    alpha, beta = filter_coefficients(40, **factors)
    ends = np.concatenate(
        [simulated(activation, filter, 40, alpha, beta, g, seed)[0] for seed in range(3)]
    )
    law = additive_filter_law(activation, 16, 40, g=g, filter=filter, **factors)

    assert law is not None
    assert 0.002 < law.drift_error <= max(0.01, 0.1 * law.spread)
    assert abs(ends.mean() - law.drift) < law.drift_error + 4 * ends.std() / math.sqrt(len(ends))


def test_c_is_beta_times_depth() -> None:
    assert filter_coefficients(50_000) == (1.0 - 2e-5, 2e-5)
    assert filter_coefficients(10, c=2.0) == (0.8, 0.2)
    assert filter_coefficients(10, alpha=0.998, beta=0.05) == (0.998, 0.05)
    assert filter_strength(10, 0.2) == 2.0


def test_arguments_that_are_not_allowed_are_refused() -> None:
    with pytest.raises(ArgumentError, match="c must be"):
        filter_coefficients(10, c=11.0)
    with pytest.raises(ArgumentError, match="alpha and beta"):
        filter_coefficients(10, alpha=0.5)
    with pytest.raises(ArgumentError, match="None where alpha"):
        filter_coefficients(10, c=1.0, alpha=0.5, beta=0.5)
    with pytest.raises(ArgumentError, match="filter"):
        additive_filter_law("tanh", 8, 10, filter="rotation")
    with pytest.raises(ArgumentError, match="bias_deviation"):
        additive_filter_law("tanh", 8, 10, conditions=rwinit.Conditions(bias_deviation=0.1))
    with pytest.raises(ArgumentError, match="g must be"):
        additive_filter_law("tanh", 8, 10, g=0.0)
