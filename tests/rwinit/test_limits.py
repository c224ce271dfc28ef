"""Deaths, inverse widths, and the deepest network that stays within a bound."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rwinit import (
    ArgumentError,
    death_probability,
    depth_limit,
    inverse_width_sum,
    nonlinearity,
    simulate_walks,
    walk_law,
)


@given(st.integers(1, 30), st.integers(1, 1000))
def test_relu_networks_die_by_layers_that_are_off(width: int, depth: int) -> None:
    chance = float(death_probability("relu", width, depth))

    assert chance == pytest.approx(1 - (1 - 2.0**-width) ** depth, abs=1e-9)


def test_a_death_too_rare_for_one_minus_keeps_its_digits() -> None:
    assert float(death_probability("relu", 100, 50)) == pytest.approx(50 * 2.0**-100, rel=1e-12)
    assert float(death_probability("relu", 5000, 50)) == 0


@pytest.mark.parametrize(
    ("activation", "keep", "on"), [("relu", 1.0, 0.5), ("relu", 0.6, 0.3), ("tanh", 0.6, 0.6)]
)
def test_simulated_networks_die_as_often(activation: str, keep: float, on: float) -> None:
    walks = simulate_walks(activation, [3] * 6, g=1.5, n_samples=4000, keep=keep)

    expected = float(death_probability(activation, 3, 6, keep=keep))
    assert expected == pytest.approx(1 - (1 - (1 - on) ** 3) ** 6)
    n = walks.forward.shape[1]
    dead = 1 - float(np.isfinite(walks.forward[-1]).mean())
    assert abs(dead - expected) < 4 * math.sqrt(expected * (1 - expected) / n)


def test_what_never_blocks_never_dies() -> None:
    for activation in ("linear", "tanh", "leaky_relu"):
        assert float(death_probability(activation, 1, 1000)) == 0
    assert float(death_probability("leaky_relu", 1, 1, slope=0.0)) == 0.5


def test_whether_hardtanh_dies_depends_on_more() -> None:
    with pytest.raises(ArgumentError, match="activation"):
        death_probability("hardtanh", 10, 10)


def test_inverse_widths_are_summed() -> None:
    assert inverse_width_sum([10] * 30) == pytest.approx(3)
    assert inverse_width_sum([2, 4]) == 0.75
    with pytest.raises(ArgumentError, match=r"widths\[0\]"):
        inverse_width_sum([0])


@given(
    st.integers(2, 5000),
    st.floats(0.1, 20),
    st.floats(0.05, 0.99),
    st.sampled_from([None, 1.0, 1.4142, 2.0]),
)
def test_the_limit_is_the_last_depth_that_keeps_the_promise(
    width: int, bound: float, probability: float, g: float | None
) -> None:
    limit = float(depth_limit("relu", width, bound, probability, g=g))

    assert limit == math.floor(limit)
    assert limit >= 1
    if limit < 1e6:
        chances = [
            float(walk_law("relu", width, depth, g=g).within(bound))
            for depth in (int(limit), int(limit) + 1)
        ]
        assert chances[0] >= probability - 1e-9
        assert chances[1] < probability + 1e-9


def test_the_unbiased_gain_goes_deeper_than_he_s_and_width_deeper_still() -> None:
    widths = [10, 100, 1000]

    unbiased, he = depth_limit("relu", widths, 2.0), depth_limit("relu", widths, 2.0, g=2**0.5)

    assert (unbiased > he).all()
    assert (np.diff(unbiased) > 0).all()
    # Var = 5 D / (4 N) and 1.96 deviations in 2 nats: D is about 0.83 N.
    assert unbiased[2] == pytest.approx(833, rel=0.01)


def test_a_walk_that_stands_still_has_no_limit() -> None:
    assert float(depth_limit("linear", 10, 0.5, weights="orthogonal")) == math.inf
    assert float(depth_limit("linear", 10, 0.5, weights="orthogonal", g=1.1)) == 6


@pytest.mark.parametrize("g", [None, 1.1])
def test_a_simulated_limit_is_the_last_depth_that_keeps_the_promise(g: float | None) -> None:
    limit = depth_limit("tanh", [20, 60], 1.0, 0.8, g=g)

    assert (np.diff(limit) > 0).all()
    for width, depth in zip([20, 60], limit, strict=True):
        beyond = depth + max(1, depth // 50)
        inside, outside = (
            float(walk_law("tanh", width, int(d), g=g).within(1.0)) for d in (depth, beyond)
        )
        assert inside >= 0.8 > outside


def test_a_simulated_limit_of_what_has_an_exact_one_is_close_to_it() -> None:
    relu = dataclasses.replace(nonlinearity("relu"), built_in=False)

    simulated = float(depth_limit(relu, 50, 1.0, 0.8, g=1.4))

    assert simulated == pytest.approx(float(depth_limit("relu", 50, 1.0, 0.8, g=1.4)), rel=0.15)


def test_a_simulated_walk_within_the_bound_all_the_way_has_no_limit() -> None:
    assert float(depth_limit("tanh", 100, 50.0, g=1.1, max_depth=7)) == math.inf


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("width", {"width": 0}),
        ("max_depth", {"max_depth": 0}),
        ("bound", {"bound": -1.0}),
        ("probability", {"probability": 1.0}),
    ],
)
def test_a_mistake_is_refused_by_name(name: str, mistake: dict[str, float]) -> None:
    good: dict[str, object] = {"activation": "relu", "width": 10, "bound": 2.0}

    with pytest.raises(ArgumentError) as caught:
        depth_limit(**{**good, **mistake})  # type: ignore[arg-type]  # mistakes on purpose

    assert caught.value.name == name
