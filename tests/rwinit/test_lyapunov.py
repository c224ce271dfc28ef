"""Lyapunov initialization: the unbiased g has exponent zero; sampled matrices meet it themselves.

References:
    [KSK26] Listed in `rwinit.lyapunov`.
"""

import math

import pytest
import torch
from scipy import integrate
from torch import Generator, Tensor

import rwinit
from rwinit import ArgumentError, UnsupportedActivationError, lyapunov_sampled_, mean_log_gain


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def blank(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.full(shape, math.nan, dtype=dtype)


def directions(width: int, count: int = 20_000) -> Tensor:
    return torch.randn(count, width, generator=seeded(99), dtype=torch.float64)


def mean_log_norm_by_integral(width: int, slope: float) -> float:
    """E ln|f(xi)|^2 / width of a standard normal xi, by E ln x = int (e^-t - E e^-tx) dt / t."""

    def integrand(u: float) -> float:
        t = math.exp(u)
        halves = 1 / math.sqrt(1 + 2 * t / width) + 1 / math.sqrt(1 + 2 * slope**2 * t / width)
        return math.exp(-t) - math.pow(halves / 2, width)

    value, _ = integrate.quad(integrand, -40.0, 40.0, limit=500)
    return float(value)


@pytest.mark.parametrize(("width", "slope"), [(2, 0.01), (8, 0.1), (32, 0.5), (100, 0.01)])
def test_the_unbiased_gain_of_leaky_relu_has_lyapunov_exponent_zero(
    width: int, slope: float
) -> None:
    g = rwinit.unbiased_gain("leaky_relu", width, slope=slope)

    exponent = math.log(g) + mean_log_norm_by_integral(width, slope) / 2

    assert abs(exponent) < 1e-7


def test_a_long_random_walk_at_that_gain_has_exponent_zero_and_a_normal_spread() -> None:
    width, depth, networks, slope = 6, 400, 400, 0.2
    g = rwinit.unbiased_gain("leaky_relu", width, slope=slope)
    rng = seeded(3)
    h = torch.randn(networks, width, generator=rng, dtype=torch.float64)
    start = h.norm(dim=1).log()
    for _ in range(depth):
        weight = torch.randn(networks, width, width, generator=rng, dtype=torch.float64)
        h = torch.nn.functional.leaky_relu(
            g / math.sqrt(width) * (weight @ h[..., None])[..., 0], slope
        )
    walk = h.norm(dim=1).log() - start

    variance = depth * float(rwinit.log_gain_law("leaky_relu", width, slope=slope).variance) / 4
    assert abs(float(walk.mean())) < 4 * math.sqrt(variance / networks)
    assert abs(float(walk.var()) / variance - 1) < 4 * math.sqrt(2 / networks)


@pytest.mark.parametrize("activation", ["linear", "relu", "leaky_relu"])
@pytest.mark.parametrize("width", [10, 40])
def test_a_sampled_matrix_has_a_log_gain_close_to_zero_on_fresh_directions(
    activation: str, width: int
) -> None:
    fresh = directions(width)
    gains = [
        mean_log_gain(
            lyapunov_sampled_(blank(width, width), activation=activation, generator=seeded(seed)),
            fresh,
            activation=activation,
        )
        for seed in range(5)
    ]

    law = rwinit.log_gain_law(activation, width)
    noise = math.sqrt(float(law.variance) / 4 * (1 / 1024 + 1 / len(fresh)))
    assert max(map(abs, gains)) < 0.01 + 4 * noise


def test_a_matrix_that_is_not_chosen_is_further_from_zero() -> None:
    fresh = directions(10)
    plain = [
        mean_log_gain(
            rwinit.rwi_(blank(10, 10), activation="leaky_relu", generator=seeded(seed)), fresh
        )
        for seed in range(20)
    ]

    assert sum(value**2 for value in plain) / len(plain) > 0.05**2


def test_given_signals_pass_the_layer_with_the_tolerance() -> None:
    signals = torch.rand(3, 32, generator=seeded(5), dtype=torch.float64)

    weight = lyapunov_sampled_(blank(32, 32), inputs=signals, tries=1000, generator=seeded())

    assert abs(mean_log_gain(weight, signals)) <= 0.01


def test_the_best_of_the_tries_is_kept_where_none_is_within_the_tolerance() -> None:
    fresh = directions(4)
    few, many = (
        abs(
            mean_log_gain(
                lyapunov_sampled_(
                    blank(4, 4), tolerance=0.0, tries=tries, inputs=fresh, generator=seeded(1)
                ),
                fresh,
            )
        )
        for tries in (1, 50)
    )

    assert many < few


def test_draws_are_repeatable_and_the_choice_does_not_depend_on_the_gain() -> None:
    one = lyapunov_sampled_(blank(8, 8), gain=1.0, generator=seeded(2))
    again = lyapunov_sampled_(blank(8, 8), gain=1.0, generator=seeded(2))
    doubled = lyapunov_sampled_(blank(8, 8), gain=2.0, generator=seeded(2))
    single = lyapunov_sampled_(blank(8, 8, dtype=torch.float32), gain=1.0, generator=seeded(2))

    assert torch.equal(one, again)
    assert torch.equal(doubled, 2 * one)
    assert torch.equal(single, one.float())


def test_a_narrow_relu_matrix_that_passes_nothing_is_never_chosen_over_one_that_does() -> None:
    signals = torch.ones(1, 1, dtype=torch.float64)

    weights = [
        lyapunov_sampled_(
            blank(1, 1), activation="relu", inputs=signals, generator=seeded(seed)
        ).item()
        for seed in range(10)
    ]

    assert min(weights) > 0.0


def test_a_matrix_that_passes_nothing_has_a_log_gain_of_minus_infinity() -> None:
    negative = torch.tensor([[-1.0]])

    assert mean_log_gain(negative, torch.ones(2, 1), activation="relu") == -math.inf


def test_what_is_not_allowed_is_refused() -> None:
    with pytest.raises(UnsupportedActivationError):
        lyapunov_sampled_(blank(4, 4), activation="tanh", generator=seeded())
    with pytest.raises(ArgumentError, match="tries"):
        lyapunov_sampled_(blank(4, 4), tries=0, generator=seeded())
    with pytest.raises(ArgumentError, match="tolerance"):
        lyapunov_sampled_(blank(4, 4), tolerance=-1.0, generator=seeded())
    with pytest.raises(ArgumentError, match="inputs"):
        lyapunov_sampled_(blank(4, 4), inputs=torch.ones(2, 3), generator=seeded())
    with pytest.raises(ArgumentError, match="inputs"):
        lyapunov_sampled_(blank(4, 4), inputs=torch.zeros(2, 4), generator=seeded())
