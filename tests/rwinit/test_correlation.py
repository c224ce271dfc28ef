"""Mean-field maps against closed forms, their fixed points, and simulated wide layers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rwinit import (
    ACTIVATION_NAMES,
    NONLINEARITIES,
    ArgumentError,
    Nonlinearity,
    correlation_at_depth,
    correlation_map,
    critical_point,
    length_map,
    mean_field,
    nonlinearity,
)

CORRELATIONS = np.array([-1.0, -0.9, -0.3, 0.0, 0.5, 0.99, 1.0])
HE = math.sqrt(2.0)


@pytest.mark.parametrize("q", [0.1, 1.3, 9.0])
def test_smooth_maps_are_their_closed_forms(q: float) -> None:
    erf = np.arcsin(2 * q * CORRELATIONS / (1 + 2 * q)) / np.arcsin(2 * q / (1 + 2 * q))
    sine = np.sinh(q * CORRELATIONS) / np.sinh(q)

    for name, expected in (("erf", erf), ("sine", sine)):
        map_ = correlation_map(name, CORRELATIONS, q=q, sigma_w=1.0)
        np.testing.assert_allclose(map_, expected, atol=1e-10)


@pytest.mark.parametrize("name", ["relu", "leaky_relu"])
def test_quadrature_over_a_kink_is_close_to_the_closed_form(name: str) -> None:
    f = NONLINEARITIES[name]
    custom = Nonlinearity("mine", f.function, f.derivative)

    by_quadrature = correlation_map(custom, CORRELATIONS, q=2.0, sigma_w=HE, sigma_b=0.2)

    exact = correlation_map(name, CORRELATIONS, q=2.0, sigma_w=HE, sigma_b=0.2)
    np.testing.assert_allclose(by_quadrature, exact, atol=1e-4)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_one_is_a_fixed_point_of_every_map_and_maps_keep_their_range(name: str) -> None:
    mapped = correlation_map(name, CORRELATIONS, q=0.7, sigma_w=1.2, sigma_b=0.1)

    assert mapped[-1] == pytest.approx(1, abs=2e-4)
    assert (np.abs(mapped) <= 1).all()
    assert (np.diff(mapped) >= -1e-12).all() or name in ("sine", "gelu", "silu")


def test_a_critical_relu_network_forgets_by_the_square_of_depth() -> None:
    c = correlation_at_depth("relu", [0.0, 0.6], 3000, sigma_w=HE)

    assert c.shape == (3000, 2)
    assert c[0].tolist() == [0.0, 0.6]
    predicted = 4.5 * math.pi**2 / 3000**2
    np.testing.assert_allclose((1 - c[-1]) / predicted, 1, rtol=0.02)


@pytest.mark.parametrize(("sigma_w", "sigma_b"), [(1.0, 0.3), (1.6, 0.1), (2.0, 0.3)])
def test_correlations_approach_the_fixed_point_at_the_depth_scale(
    sigma_w: float, sigma_b: float
) -> None:
    field = mean_field("tanh", sigma_w=sigma_w, sigma_b=sigma_b)

    c = correlation_at_depth(
        "tanh", 0.5 * field.correlation + 0.1, 60, q=field.q, sigma_w=sigma_w, sigma_b=sigma_b
    )

    gaps = np.abs(c - field.correlation)
    rates = np.log(gaps[1:] / gaps[:-1])
    # Late enough to be exponential, early enough to be above the quadrature's error.
    late = rates[np.flatnonzero(gaps > 1e-5)[-5]]
    assert -1 / late == pytest.approx(field.depth_scale, rel=0.02)
    assert length_map("tanh", field.q, sigma_w=sigma_w, sigma_b=sigma_b) == pytest.approx(field.q)


def test_order_and_chaos_are_told_apart() -> None:
    ordered = mean_field("tanh", sigma_w=1.2, sigma_b=0.3)
    chaotic = mean_field("tanh", sigma_w=2.0, sigma_b=0.3)

    assert ordered.chi < 1 < chaotic.chi
    assert ordered.correlation == 1 > chaotic.correlation


def test_without_biases_directions_stay_where_lengths_die_or_scale() -> None:
    assert mean_field("tanh", sigma_w=0.9).depth_scale == math.inf
    assert mean_field("tanh", sigma_w=1.0).depth_scale == math.inf
    assert mean_field("relu", sigma_w=1.1).depth_scale == math.inf
    relu = mean_field("relu", sigma_w=1.2, sigma_b=0.3)
    assert relu.q == pytest.approx(0.09 / (1 - 0.72))
    assert relu.depth_scale == pytest.approx(-1 / math.log(0.72))


@given(
    st.sampled_from(["linear", "relu", "leaky_relu", "tanh", "erf", "hardtanh", "sine"]),
    st.floats(0.05, 3.0),
)
def test_a_critical_point_keeps_its_variance_and_has_chi_one(name: str, q: float) -> None:
    point = critical_point(name, q=q)

    kept = length_map(name, q, sigma_w=point.sigma_w, sigma_b=point.sigma_b)
    assert kept == pytest.approx(q, rel=2e-3)
    nodes = np.random.default_rng(0).standard_normal(200_000) * math.sqrt(q)
    chi = point.sigma_w**2 * nonlinearity(name).derivative(nodes) ** 2
    assert abs(chi.mean() - 1) < 4 * chi.std() / math.sqrt(len(nodes)) + 1e-3


def test_critical_points_have_their_known_values() -> None:
    relu = critical_point("relu")

    assert relu.sigma_w == pytest.approx(HE)
    assert relu.sigma_b == 0
    # On the critical line of tanh in [SGGS17], figure 1: sigma_w^2 about 1.76 at sigma_b^2 0.05.
    line = [critical_point("tanh", q=q) for q in np.linspace(0.3, 0.7, 41)]
    nearest = min(line, key=lambda point: abs(point.sigma_b**2 - 0.05))
    assert nearest.sigma_w**2 == pytest.approx(1.76, abs=0.02)
    with pytest.raises(ArgumentError, match="q must be one at which softplus has a critical point"):
        critical_point("softplus")


def test_wide_random_layers_follow_the_map() -> None:
    width, rng = 1000, np.random.default_rng(1)
    c, q, sigma_w, sigma_b = 0.4, 1.5, 1.3, 0.2
    samples = []
    for _ in range(20):
        z = rng.standard_normal((2, width)) * math.sqrt(q)
        h = np.tanh([z[0], c * z[0] + math.sqrt(1 - c * c) * z[1]])
        matrix = rng.standard_normal((width, width)) / math.sqrt(width)
        a = sigma_w * h @ matrix.T + sigma_b * rng.standard_normal(width)
        samples.append((a[0] @ a[1]) / math.sqrt((a[0] @ a[0]) * (a[1] @ a[1])))

    error = float(np.std(samples)) / math.sqrt(len(samples))
    expected = float(correlation_map("tanh", c, q=q, sigma_w=sigma_w, sigma_b=sigma_b))
    assert abs(float(np.mean(samples)) - expected) < 4 * error + 1e-3


def test_mistakes_are_refused_by_name() -> None:
    for correlation in (1.1, math.nan):
        with pytest.raises(ArgumentError, match="correlation must be from -1 to 1"):
            correlation_map("tanh", correlation, sigma_w=1.0)
    with pytest.raises(ArgumentError, match="sigma_w must be"):
        mean_field("tanh", sigma_w=0.0)
    with pytest.raises(ArgumentError, match="sigma_b must be"):
        mean_field("tanh", sigma_w=1.0, sigma_b=-1.0)
    with pytest.raises(ArgumentError, match="q must be"):
        length_map("tanh", 0.0, sigma_w=1.0)
    with pytest.raises(ArgumentError, match="lengths stay bounded"):
        mean_field("relu", sigma_w=1.5, sigma_b=0.1)
    with pytest.raises(ArgumentError, match="lengths stay bounded"):
        mean_field("selu", sigma_w=2.0)
    with pytest.raises(ArgumentError, match="depth must be"):
        correlation_at_depth("relu", 0.3, 0, sigma_w=1.0)


def test_where_every_unit_saturates_one_layer_makes_all_inputs_alike() -> None:
    field = mean_field("hardtanh", sigma_w=1000.0)

    assert (field.chi, field.correlation, field.depth_scale) == (0.0, 1.0, 0.0)
