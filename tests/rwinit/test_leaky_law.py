"""The law of leaky ReLU and of dropout: limits, symmetries, a direct sum."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from rwinit import ArgumentError, gain, log_gain_law

WIDTHS = st.integers(1, 1_000_000)
SLOPES = st.floats(-50, 50).filter(lambda slope: abs(slope) > 1e-6)
KEEPS = st.floats(0.05, 1.0)


@given(WIDTHS, st.sampled_from([1.0, -1.0]))
def test_slopes_of_size_one_are_the_linear_law(width: int, slope: float) -> None:
    law, linear = log_gain_law("leaky_relu", width, slope=slope), log_gain_law("linear", width)

    assert law.mean == pytest.approx(linear.mean, abs=1e-13)
    assert law.variance == pytest.approx(linear.variance, rel=1e-8)


@given(WIDTHS, SLOPES)
def test_the_sign_of_a_slope_does_not_matter_and_its_inverse_rescales(
    width: int, slope: float
) -> None:
    law = log_gain_law("leaky_relu", width, slope=slope)

    assert log_gain_law("leaky_relu", width, slope=-slope) == law
    inverse = log_gain_law("leaky_relu", width, slope=1 / slope)
    assert inverse.mean + 2 * math.log(abs(slope)) == pytest.approx(law.mean, abs=1e-10)
    assert inverse.variance == pytest.approx(law.variance, rel=1e-7)


@given(st.integers(100, 1_000_000))
def test_wide_layers_with_small_slopes_are_relu_layers(width: int) -> None:
    relu = log_gain_law("relu", width)

    for slope in (1e-10, 1e-19, 1e-21, 1e-150, 5e-324):
        law = log_gain_law("leaky_relu", width, slope=slope)
        assert law.mean == pytest.approx(relu.mean, abs=1e-12)
        assert law.variance == pytest.approx(relu.variance, rel=1e-7)
    assert log_gain_law("leaky_relu", width, slope=0.0) == relu


@pytest.mark.parametrize("keep", [1.0, 0.5])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_the_branches_for_tiny_slopes_meet(width: int, keep: float) -> None:
    one, other = (
        log_gain_law("leaky_relu", width, slope=slope, keep=keep) for slope in (1.01e-20, 0.99e-20)
    )

    assert one.mean == pytest.approx(other.mean, abs=0.05)
    assert one.variance == pytest.approx(other.variance, rel=1e-3)


def test_a_single_leaky_unit_is_a_chi_square_times_a_coin() -> None:
    slope = 0.3
    law = log_gain_law("leaky_relu", 1, slope=slope)

    linear, jump = log_gain_law("linear", 1), 2 * math.log(slope)
    assert law.mean == pytest.approx(linear.mean + jump / 2, abs=1e-13)
    assert law.variance == pytest.approx(linear.variance + jump**2 / 4, rel=1e-12)


@given(st.integers(1, 400), KEEPS)
def test_dropout_of_a_linear_layer_is_the_sum_over_the_units_that_are_kept(
    width: int, keep: float
) -> None:
    chances = [
        math.comb(width, m) * keep**m * (1 - keep) ** (width - m) for m in range(1, width + 1)
    ]
    total = math.fsum(chances)
    logs = [float(special.digamma(m / 2)) + math.log(2 / width) for m in range(1, width + 1)]
    mean = math.fsum(p / total * x for p, x in zip(chances, logs, strict=True))

    law = log_gain_law("linear", width, keep=keep)

    assert law.mean == pytest.approx(mean - 2 * math.log(keep), abs=1e-10)


@given(WIDTHS, KEEPS)
def test_relu_is_dropout_of_half_the_units_without_its_rescaling(width: int, keep: float) -> None:
    relu, dropped = (
        log_gain_law("relu", width, keep=keep),
        log_gain_law("linear", width, keep=keep / 2),
    )

    assert relu.mean == pytest.approx(dropped.mean + 2 * math.log(0.5), abs=1e-12)
    assert relu.variance == pytest.approx(dropped.variance, rel=1e-12)


@given(st.integers(50, 1_000_000), KEEPS)
def test_a_wide_layer_needs_the_square_root_of_keep(width: int, keep: float) -> None:
    g = gain("linear", width, keep=keep)

    # To first order in 1 / width: half the variance of ln z, and half of its mean's bias.
    assert abs(2 * math.log(g / math.sqrt(keep))) < 4 / (width * keep)


@pytest.mark.parametrize("keep", [0.0, -0.1, 1.1, math.nan, True, "all"])
def test_a_keep_that_is_no_probability_is_refused(keep: float) -> None:
    with pytest.raises(ArgumentError, match="keep must be a finite number above 0 and at most 1"):
        log_gain_law("relu", 10, keep=keep)


@pytest.mark.parametrize("slope", [math.nan, math.inf, "steep"])
def test_a_slope_that_is_no_number_is_refused(slope: float) -> None:
    with pytest.raises(ArgumentError, match="slope must be a finite number"):
        log_gain_law("leaky_relu", 10, slope=slope)
