"""Unbiased gains against printed values, and what each scheme means."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rwinit import (
    ACTIVATION_NAMES,
    SCHEME_NAMES,
    ArgumentError,
    UnsupportedActivationError,
    gain,
    he_gain,
    log_gain_law,
    paper_gain,
    scheme_gain,
    unbiased_gain,
)

WIDTHS = st.integers(1, 1_000_000)
CLOSED_FORMS = st.sampled_from(["linear", "relu"])
WEIGHTS = st.sampled_from(["gaussian", "orthogonal"])
NO_CLOSED_FORM = [name for name in ACTIVATION_NAMES if name not in ("linear", "relu")]


@pytest.mark.parametrize(
    ("activation", "width", "expected"),
    [
        ("relu", 2, 2.11850),
        ("relu", 6, 1.84890),
        ("relu", 10, 1.64922),
        ("relu", 32, 1.47380),
        ("relu", 100, 1.43230),
        ("relu", 1000, 1.4159853),
        ("linear", 2, 1.33457),
        ("linear", 10, 1.05302),
        ("linear", 100, 1.00503),
    ],
)
def test_the_exact_gain_has_its_known_values(activation: str, width: int, expected: float) -> None:
    assert abs(gain(activation, width) - expected) <= 5e-6


@given(CLOSED_FORMS, WIDTHS, WEIGHTS)
def test_the_gain_cancels_the_mean_log_gain(activation: str, width: int, weights: str) -> None:
    g = gain(activation, width, weights=weights)

    assert g > 0
    law = log_gain_law(activation, width, weights=weights)
    assert 2 * math.log(g) + law.mean == pytest.approx(0, abs=1e-14)


# Orthogonal gains rise from width 1 to 4, Gaussian ones from 1 to 2: narrow layers that are on
# have most of their units on.
@given(st.integers(4, 999_999), WEIGHTS)
def test_the_relu_gain_falls_with_width_towards_root_two(width: int, weights: str) -> None:
    wider = gain("relu", width + 1, weights=weights)

    assert gain("relu", width, weights=weights) > wider > math.sqrt(2)


@given(WIDTHS)
def test_an_orthogonal_gain_is_the_gaussian_over_the_linear_one(width: int) -> None:
    ratio = gain("relu", width) / gain("linear", width)

    assert gain("relu", width, weights="orthogonal") == pytest.approx(ratio, rel=1e-14)


@given(WIDTHS)
def test_the_papers_gains_are_its_formulas(width: int) -> None:
    assert paper_gain("linear", width) == pytest.approx(math.exp(1 / (2 * width)), rel=1e-14)
    relu = math.sqrt(2) * math.exp(1.2 / (max(width, 6) - 2.4))
    assert paper_gain("relu", width) == pytest.approx(relu, rel=1e-14)


@pytest.mark.parametrize("activation", NO_CLOSED_FORM)
def test_the_paper_has_no_gain_for_other_activations(activation: str) -> None:
    with pytest.raises(UnsupportedActivationError, match=r"no closed form here.*explicitly"):
        paper_gain(activation, 100)
    with pytest.raises(UnsupportedActivationError):
        scheme_gain("rwi_paper", activation, 100)


def test_schemes_simulate_the_gain_of_other_activations_at_their_depth() -> None:
    assert scheme_gain("rwi", "tanh", 50, depth=20) == gain("tanh", 50, 20)
    orthogonal = gain("tanh", 50, 20, weights="orthogonal")
    assert scheme_gain("orthogonal", "tanh", 50, depth=20) == orthogonal
    assert orthogonal != gain("tanh", 50, 20) != gain("tanh", 50, 40)


@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_schemes_with_a_theory_take_its_gain(activation: str) -> None:
    assert unbiased_gain is gain
    assert scheme_gain("rwi", activation, 50) == gain(activation, 50)
    assert scheme_gain("rwi_paper", activation, 50) == paper_gain(activation, 50)
    orthogonal = gain(activation, 50, weights="orthogonal")
    assert scheme_gain("orthogonal", activation, 50) == orthogonal


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_glorot_and_lecun_multiply_by_one_and_he_by_its_own(activation: str) -> None:
    assert scheme_gain("glorot", activation, 50) == 1.0
    assert scheme_gain("lecun", activation, 50) == 1.0
    expected = {"linear": 1.0, "leaky_relu": math.sqrt(2 / 1.04)}.get(activation, math.sqrt(2))
    assert scheme_gain("he", activation, 50, slope=0.2) == pytest.approx(expected, rel=1e-15)
    assert he_gain(activation, 0.2) == scheme_gain("he", activation, 50, 0.2)


@pytest.mark.parametrize("scheme", SCHEME_NAMES)
def test_every_scheme_refuses_the_same_mistakes(scheme: str) -> None:
    with pytest.raises(ArgumentError, match="activation must be one of linear, relu"):
        scheme_gain(scheme, "rleu", 50)
    with pytest.raises(ArgumentError, match="width"):
        scheme_gain(scheme, "relu", 0)


def test_an_unknown_scheme_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ArgumentError, match="one of rwi, rwi_paper, he, glorot") as caught:
        scheme_gain("kaiming", "relu", 50)

    assert caught.value.name == "scheme"


@pytest.mark.parametrize("slope", [math.nan, math.inf])
def test_a_slope_that_is_not_finite_is_refused(slope: float) -> None:
    with pytest.raises(ArgumentError, match="slope must be a finite number"):
        gain("relu", 10, slope=slope)
    with pytest.raises(ArgumentError, match="slope must be a finite number"):
        he_gain("leaky_relu", slope)
