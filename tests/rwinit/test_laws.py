"""The exact laws against printed values, a naive sum in exact integers, and their limits."""

import math
import time

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import special

from rwinit import (
    ArgumentError,
    LogGainLaw,
    UnsupportedActivationError,
    log_gain_law,
    paper_log_gain_law,
)
from rwinit.arguments import MAX_WIDTH
from rwinit.laws import _law

WIDTHS = st.integers(1, 1_000_000)


def naive_relu_law(width: int) -> LogGainLaw:
    """Sum over every count of active units, with exact binomial coefficients."""
    total = 2**width - 1
    mean = second = trigamma = 0.0
    for active in range(1, width + 1):
        probability = math.comb(width, active) / total
        log_gain = float(special.digamma(active / 2)) + math.log(2 / width)
        mean += probability * log_gain
        second += probability * log_gain**2
        trigamma += probability * float(special.polygamma(1, active / 2))
    return LogGainLaw(mean, trigamma + second - mean**2)


@pytest.mark.parametrize(
    ("width", "variance", "half_a_digit"),
    [
        (2, 4.265, 5e-4),
        (6, 1.898, 5e-4),
        (10, 0.8667, 5e-5),
        (32, 0.17750, 5e-6),
        (100, 0.05194, 5e-6),
        (1000, 0.00502, 5e-6),
    ],
)
def test_relu_variance_has_its_known_values(
    width: int, variance: float, half_a_digit: float
) -> None:
    assert abs(log_gain_law("relu", width).variance - variance) <= half_a_digit


@pytest.mark.parametrize("width", [1, 2, 3, 7, 50, 143, 144, 145, 600])
def test_relu_law_equals_the_naive_sum_over_active_units(width: int) -> None:
    law, naive = log_gain_law("relu", width), naive_relu_law(width)

    assert law.mean == pytest.approx(naive.mean, rel=1e-12)
    assert law.variance == pytest.approx(naive.variance, rel=1e-10)


def test_relu_at_width_one_is_the_linear_layer_that_it_is_when_on() -> None:
    assert log_gain_law("relu", 1).mean == pytest.approx(log_gain_law("linear", 1).mean)
    assert log_gain_law("relu", 1).variance == pytest.approx(math.pi**2 / 2)
    assert log_gain_law("relu", 1, weights="orthogonal").mean == pytest.approx(0, abs=1e-14)
    assert log_gain_law("relu", 1, weights="orthogonal").variance == pytest.approx(0, abs=1e-14)


@given(WIDTHS)
@example(59)
@example(60)
@example(61)
def test_linear_law_is_that_of_a_chi_square_over_its_mean(width: int) -> None:
    law = log_gain_law("linear", width)

    cancelling = float(special.digamma(width / 2)) - math.log(width / 2)
    assert law.mean == pytest.approx(cancelling, abs=1e-14, rel=1e-13)
    assert law.variance == pytest.approx(float(special.polygamma(1, width / 2)), rel=1e-14)


def test_linear_law_keeps_its_digits_at_a_million_units() -> None:
    half = 500_000.0

    mean = log_gain_law("linear", 1_000_000).mean

    assert mean == pytest.approx(-1 / (2 * half) - 1 / (12 * half**2), rel=1e-14)


@given(WIDTHS)
def test_linear_orthogonal_layers_change_no_norm(width: int) -> None:
    assert log_gain_law("linear", width, weights="orthogonal") == LogGainLaw(0.0, 0.0)


@given(WIDTHS)
def test_orthogonal_law_is_the_gaussian_less_the_linear_one(width: int) -> None:
    gaussian, linear = log_gain_law("relu", width), log_gain_law("linear", width)

    orthogonal = log_gain_law("relu", width, weights="orthogonal")

    assert orthogonal.mean + linear.mean == pytest.approx(gaussian.mean, rel=1e-14)
    assert orthogonal.variance + linear.variance == pytest.approx(gaussian.variance, rel=1e-14)


@given(st.integers(2, 1_000_000), st.sampled_from(["gaussian", "orthogonal"]))
def test_a_relu_layer_always_spreads_norms(width: int, weights: str) -> None:
    assert log_gain_law("relu", width, weights=weights).variance > 0


@given(st.integers(2, 999_999), st.integers(1, 1000))
def test_relu_mean_rises_with_width_towards_ln_half_and_its_variance_falls(
    width: int, more: int
) -> None:
    law, wider = log_gain_law("relu", width), log_gain_law("relu", width + more)

    assert law.mean < wider.mean < -math.log(2)
    assert law.variance > wider.variance


@given(st.integers(100, 1_000_000))
def test_wide_relu_layers_follow_the_leading_orders(width: int) -> None:
    law = log_gain_law("relu", width)

    # The next orders in 1/N of both are below 20 / N^2, which the bound below states.
    assert abs(law.mean + math.log(2) + 2.5 / width) < 20 / width**2
    assert abs(law.variance - 5 / width) < 20 / width**2


@given(st.integers(10, 1_000_000))
def test_the_papers_mean_is_within_its_stated_error(width: int) -> None:
    assert abs(paper_log_gain_law("relu", width).mean - log_gain_law("relu", width).mean) < 0.0084


def test_the_papers_relu_fit_is_constant_up_to_width_six() -> None:
    at_six = paper_log_gain_law("relu", 6)

    assert at_six.mean == pytest.approx(-math.log(2) - 2.4 / 3.6, rel=1e-15)
    assert at_six.variance == 2.5
    assert paper_log_gain_law("relu", 1) == at_six
    assert paper_log_gain_law("relu", 7) != at_six


@given(st.integers(20, 1_000_000))
def test_the_papers_linear_law_has_the_exact_one_s_leading_order(width: int) -> None:
    paper, exact = paper_log_gain_law("linear", width), log_gain_law("linear", width)

    assert abs(paper.mean - exact.mean) < 0.5 / width**2
    assert abs(paper.variance - exact.variance) < 3 / width**2


def test_a_width_of_4096_takes_under_ten_milliseconds() -> None:
    fastest = math.inf
    for width in range(4096, 4101):
        _law.cache_clear()
        start = time.perf_counter()
        log_gain_law("relu", width)
        fastest = min(fastest, time.perf_counter() - start)

    assert fastest < 0.010


@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_an_activation_without_closed_form_is_refused_by_name(activation: str) -> None:
    for law in (log_gain_law, paper_log_gain_law):
        with pytest.raises(UnsupportedActivationError, match="give g explicitly") as caught:
            law(activation, 100)
        assert caught.value.activation == activation


@pytest.mark.parametrize("activation", ["rleu", "", None])
def test_an_unknown_activation_is_refused_with_the_known_ones(activation: str) -> None:
    for law in (log_gain_law, paper_log_gain_law):
        with pytest.raises(ArgumentError, match=r"activation must be one of linear, relu"):
            law(activation, 100)


@pytest.mark.parametrize("width", [0, -3, MAX_WIDTH + 1, 10.0, True, "8", None])
def test_a_width_that_is_no_count_is_refused(width: int) -> None:
    for law in (log_gain_law, paper_log_gain_law):
        with pytest.raises(ArgumentError, match="width must be an integer from 1") as caught:
            law("relu", width)
        assert (caught.value.name, caught.value.given) == ("width", width)


def test_a_numpy_integer_is_a_width() -> None:
    assert log_gain_law("relu", int(np.int64(7))) == log_gain_law("relu", np.int64(7))  # type: ignore[arg-type]  # numpy's integers are no int


def test_an_unknown_law_of_weights_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ArgumentError, match="one of gaussian, orthogonal; given 'uniform'"):
        log_gain_law("relu", 10, weights="uniform")
