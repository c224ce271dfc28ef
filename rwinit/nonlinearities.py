"""Elementwise nonlinearities and their derivatives on numpy arrays.

All of them are exact for every finite float64: they do not overflow, and keep the digits of small
arguments, because a walk with a wrong g reaches norms far from 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

from rwinit.arguments import check_choice, check_slope
from rwinit.errors import ArgumentError

Array = NDArray[np.float64]
Elementwise = Callable[[Array], Array]

_SELU_SCALE: Final = 1.0507009873554805
_SELU_ALPHA: Final = 1.6732632423543772
_INVERSE_ROOT_2_PI: Final = 0.3989422804014327
_TWO_OVER_ROOT_PI: Final = 1.1283791670955126


@dataclass(frozen=True, slots=True)
class Nonlinearity:
    """An activation and its derivative, accepted wherever the name of an activation is.

    The functions map float64 arrays to float64 arrays of the same shape. Simulations assume that
    beyond 1e60 in size, and below 1e-60 if ``function(0)`` is 0, the function is as good as
    positively homogeneous or bounded; every common activation is.

    Attributes:
        name: Name for messages.
        function: The activation.
        derivative: Its derivative; at a kink, either side's.
        built_in: Whether the package defines it, so that its name identifies it in a cache. Leave
            it False.
    """

    name: str
    function: Elementwise
    derivative: Elementwise
    built_in: bool = False


def nonlinearity(activation: str | Nonlinearity, slope: float = 0.01) -> Nonlinearity:
    """Return an activation with its derivative.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `Nonlinearity`, returned as it is.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Raises:
        ArgumentError: The name is unknown, or the slope is not finite.
    """
    if isinstance(activation, Nonlinearity):
        return activation
    if callable(activation):
        allowed = "a name or a rwinit.Nonlinearity, which holds a function and its derivative"
        raise ArgumentError("activation", activation, allowed)
    check_choice("activation", activation, ACTIVATION_NAMES)
    check_slope(slope)
    name = str(activation)
    if name == "leaky_relu":
        return _leaky_relu(float(slope))
    return NONLINEARITIES[name]


# Cached, because a `Nonlinearity` is compared by its functions: equal slopes need equal ones.
@lru_cache(maxsize=1024)
def _leaky_relu(slope: float) -> Nonlinearity:
    return Nonlinearity(
        "leaky_relu",
        lambda x: np.where(x > 0.0, x, slope * x),
        lambda x: np.where(x > 0.0, 1.0, slope),
        built_in=True,
    )


def _sech_square(x: Array) -> Array:
    # 1 - tanh(x)^2 rounds to 0 from x = 19 up; saturated layers depend on ratios of such slopes.
    decay = np.exp(-2.0 * np.abs(x))
    slope: Array = 4.0 * decay / (1.0 + decay) ** 2
    return slope


def _gelu(x: Array) -> Array:
    value: Array = x * special.ndtr(x)
    return value


def _gelu_slope(x: Array) -> Array:
    slope: Array = special.ndtr(x) + _INVERSE_ROOT_2_PI * x * np.exp(-0.5 * x * x)
    return slope


def _silu(x: Array) -> Array:
    value: Array = x * special.expit(x)
    return value


def _silu_slope(x: Array) -> Array:
    logistic: Array = special.expit(x)
    return logistic * (1.0 + x * special.expit(-x))


def _elu(x: Array) -> Array:
    return np.where(x > 0.0, x, np.expm1(np.minimum(x, 0.0)))


def _elu_slope(x: Array) -> Array:
    return np.exp(np.minimum(x, 0.0))


def _selu(x: Array) -> Array:
    return _SELU_SCALE * np.where(x > 0.0, x, _SELU_ALPHA * np.expm1(np.minimum(x, 0.0)))


def _selu_slope(x: Array) -> Array:
    return _SELU_SCALE * np.where(x > 0.0, 1.0, _SELU_ALPHA * np.exp(np.minimum(x, 0.0)))


def _built_in(name: str, function: Elementwise, derivative: Elementwise) -> Nonlinearity:
    return Nonlinearity(name, function, derivative, built_in=True)


NONLINEARITIES: Final[Mapping[str, Nonlinearity]] = MappingProxyType(
    {
        entry.name: entry
        for entry in (
            _built_in("linear", lambda x: x, np.ones_like),
            _built_in("relu", lambda x: np.maximum(x, 0.0), lambda x: np.where(x > 0.0, 1.0, 0.0)),
            _leaky_relu(0.01),
            _built_in("tanh", np.tanh, _sech_square),
            _built_in(
                "hardtanh",
                lambda x: np.clip(x, -1.0, 1.0),
                lambda x: np.where(np.abs(x) < 1.0, 1.0, 0.0),
            ),
            _built_in(
                "sigmoid_centred",
                lambda x: np.tanh(0.5 * x),
                lambda x: 0.5 * _sech_square(0.5 * x),
            ),
            _built_in("erf", special.erf, lambda x: _TWO_OVER_ROOT_PI * np.exp(-x * x)),
            _built_in("softplus", lambda x: np.logaddexp(0.0, x), special.expit),
            _built_in("gelu", _gelu, _gelu_slope),
            _built_in("silu", _silu, _silu_slope),
            _built_in("selu", _selu, _selu_slope),
            _built_in("elu", _elu, _elu_slope),
            _built_in("sine", np.sin, np.cos),
        )
    }
)
"""Every activation at its default parameters: leaky ReLU's slope is 0.01, GELU is the erf form."""

ACTIVATION_NAMES: Final = tuple(NONLINEARITIES)
"""Names of the activations that come with the package."""
