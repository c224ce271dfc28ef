"""Elementwise nonlinearities as functions of torch tensors, by name."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from rwinit.arguments import check_choice, check_slope

Activation = Callable[[Tensor], Tensor]


def _linear(x: Tensor) -> Tensor:
    return x


def _sigmoid_centred(x: Tensor) -> Tensor:
    # 2 sigmoid(x) - 1 = tanh(x / 2); the left side loses the digits of small x.
    return torch.tanh(x / 2)


ACTIVATIONS: Final[Mapping[str, Activation]] = MappingProxyType(
    {
        "linear": _linear,
        "relu": torch.relu,
        "leaky_relu": functional.leaky_relu,
        "tanh": torch.tanh,
        "hardtanh": functional.hardtanh,
        "sigmoid_centred": _sigmoid_centred,
        "erf": torch.erf,
        "softplus": functional.softplus,
        "gelu": functional.gelu,
        "silu": functional.silu,
        "selu": functional.selu,
        "elu": functional.elu,
        "sine": torch.sin,
    }
)
"""Every activation at its default parameters: leaky ReLU's slope is 0.01, GELU is the erf form."""


def activation_function(name: str, slope: float = 0.01) -> Activation:
    """Return an activation as a function of one tensor.

    Args:
        name: A key of `ACTIVATIONS`.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Returns:
        A function that keeps shape and dtype.

    Raises:
        ArgumentError: The name is unknown, or the slope is not finite.
    """
    check_choice("activation", name, ACTIVATIONS)
    check_slope(slope)
    if name == "leaky_relu":
        return partial(functional.leaky_relu, negative_slope=slope)
    return ACTIVATIONS[name]
