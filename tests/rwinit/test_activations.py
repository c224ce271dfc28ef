"""Activations against their textbook formulas."""

import math
from collections.abc import Callable

import pytest
import torch

from rwinit import ACTIVATION_NAMES, ACTIVATIONS, ArgumentError, activation_function


def selu(x: float) -> float:
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * (x if x > 0 else alpha * math.expm1(x))


FORMULAS: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "tanh": math.tanh,
    "hardtanh": lambda x: min(max(x, -1.0), 1.0),
    "sigmoid_centred": lambda x: 2 / (1 + math.exp(-x)) - 1,
    "erf": math.erf,
    "softplus": lambda x: math.log1p(math.exp(x)),
    "gelu": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x / (1 + math.exp(-x)),
    "selu": selu,
    "elu": lambda x: x if x > 0 else math.expm1(x),
    "sine": math.sin,
}


def test_the_names_are_the_same_with_and_without_torch() -> None:
    assert tuple(ACTIVATIONS) == ACTIVATION_NAMES


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_an_activation_is_its_formula(name: str) -> None:
    x = torch.linspace(-5, 5, 41, dtype=torch.float64)

    expected = torch.tensor([FORMULAS[name](float(value)) for value in x], dtype=torch.float64)
    torch.testing.assert_close(ACTIVATIONS[name](x), expected, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(activation_function(name)(x), expected, rtol=1e-12, atol=1e-14)


def test_a_slope_reaches_leaky_relu_only() -> None:
    x = torch.tensor([-2.0, 3.0])

    assert activation_function("leaky_relu", 0.5)(x).tolist() == [-1.0, 3.0]
    assert activation_function("relu", 0.5)(x).tolist() == [0.0, 3.0]


def test_an_unknown_activation_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ArgumentError, match=r"linear, relu, leaky_relu.*given 'swish'"):
        activation_function("swish")
