"""Activation functions and their derivatives as operations on buffers.

Autograd calls the same backward kernels, so that both agree at kinks too.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn import functional

from workers.contract import Activation

Operation = Callable[[], object]
"""A call with bound arguments; its result is not used."""

_aten = torch.ops.aten

_SELU = (1.6732632423543772, 1.0507009873554805)  # alpha and scale, as torch has them


@dataclass(frozen=True, slots=True)
class BatchedNonlinearity:
    """Activation function of the buffers of all trials of a pack.

    Attributes:
        keeps_input: Whether the derivative is computed from the input. Then input and output are
            two buffers; otherwise the function works in place, and both are the same buffer.
        forward: Returns the operations that compute the output, given the input and the output
            buffer.
        backward: Returns the operations that turn the error with respect to the output, in place,
            into that with respect to the input, given the buffers of error, input and output. The
            operations may overwrite the input.
        rectifies: Slope below 0 of a function that is the identity above 0, linear below, and works
            in place; None for every other function.
    """

    keeps_input: bool
    forward: Callable[[Tensor, Tensor], Sequence[Operation]]
    backward: Callable[[Tensor, Tensor, Tensor], Sequence[Operation]]
    rectifies: float | None = None


def nonlinearity(activation: Activation, slope: float) -> BatchedNonlinearity:
    """Return the operations of an activation function.

    Args:
        activation: The activation function.
        slope: Negative-side slope; only used for ``leaky_relu``.
    """
    match activation:
        case Activation.LINEAR:
            return BatchedNonlinearity(False, lambda _x, _h: [], lambda _delta, _x, _h: [])
        case Activation.LEAKY_RELU:
            return _leaky_relu(slope)
        case Activation.SELU:
            return _elu(*_SELU)
        case Activation.ELU:
            return _elu(1.0, 1.0)
        case _:
            return _FIXED[activation]


def _scale_(values: Tensor, factor: float) -> Operation:
    # A tensor, because torch would convert a Python number at every call.
    return partial(values.mul_, values.new_full((), factor))


def _kernel_backward(
    name: str, *constants: object, of_input: bool, **options: object
) -> Callable[[Tensor, Tensor, Tensor], Sequence[Operation]]:
    kernel = getattr(_aten, name).grad_input

    def backward(delta: Tensor, x: Tensor, h: Tensor) -> Sequence[Operation]:
        known = x if of_input else h
        return [partial(kernel, delta, known, *constants, **options, grad_input=delta)]

    return backward


def _leaky_relu(slope: float) -> BatchedNonlinearity:
    # With a slope of at least 0 the sign of the output tells the sign of the input.
    if slope >= 0.0:
        return BatchedNonlinearity(
            False,
            lambda _x, h: [partial(functional.leaky_relu_, h, slope)],
            _kernel_backward("leaky_relu_backward", slope, True, of_input=False),
            rectifies=slope,
        )
    return BatchedNonlinearity(
        True,
        lambda x, h: [partial(_aten.leaky_relu.out, x, slope, out=h)],
        _kernel_backward("leaky_relu_backward", slope, False, of_input=True),
    )


def _elu(alpha: float, scale: float) -> BatchedNonlinearity:
    def backward(delta: Tensor, x: Tensor, _h: Tensor) -> Sequence[Operation]:
        kernel = _aten.elu_backward.grad_input
        return [partial(kernel, delta, alpha, scale, 1.0, False, x, grad_input=delta)]

    return BatchedNonlinearity(
        True, lambda x, h: [partial(_aten.elu.out, x, alpha, scale, 1.0, out=h)], backward
    )


def _sigmoid_centred_backward(delta: Tensor, _x: Tensor, h: Tensor) -> Sequence[Operation]:
    slope = partial(_aten.tanh_backward.grad_input, delta, h, grad_input=delta)
    return [slope, _scale_(delta, 0.5)]


def _erf_backward(delta: Tensor, x: Tensor, _h: Tensor) -> Sequence[Operation]:
    return [
        partial(torch.mul, x, x, out=x),
        x.neg_,
        x.exp_,
        partial(delta.mul_, x),
        _scale_(delta, 2.0 / math.sqrt(math.pi)),
    ]


_FIXED = {
    Activation.RELU: BatchedNonlinearity(
        False,
        lambda _x, h: [h.relu_],
        _kernel_backward("threshold_backward", 0.0, of_input=False),
        rectifies=0.0,
    ),
    Activation.TANH: BatchedNonlinearity(
        False, lambda _x, h: [h.tanh_], _kernel_backward("tanh_backward", of_input=False)
    ),
    Activation.HARDTANH: BatchedNonlinearity(
        False,
        lambda _x, h: [partial(torch.clamp, h, -1.0, 1.0, out=h)],
        _kernel_backward("hardtanh_backward", -1.0, 1.0, of_input=False),
    ),
    Activation.SIGMOID_CENTRED: BatchedNonlinearity(
        False, lambda _x, h: [_scale_(h, 0.5), h.tanh_], _sigmoid_centred_backward
    ),
    Activation.ERF: BatchedNonlinearity(
        True, lambda x, h: [partial(torch.erf, x, out=h)], _erf_backward
    ),
    Activation.SOFTPLUS: BatchedNonlinearity(
        True,
        lambda x, h: [partial(_aten.softplus.out, x, 1.0, 20.0, out=h)],
        _kernel_backward("softplus_backward", 1.0, 20.0, of_input=True),
    ),
    Activation.GELU: BatchedNonlinearity(
        True,
        lambda x, h: [partial(_aten.gelu.out, x, approximate="none", out=h)],
        _kernel_backward("gelu_backward", of_input=True, approximate="none"),
    ),
    Activation.SILU: BatchedNonlinearity(
        True,
        lambda x, h: [partial(_aten.silu.out, x, out=h)],
        _kernel_backward("silu_backward", of_input=True),
    ),
    Activation.SINE: BatchedNonlinearity(
        True,
        lambda x, h: [partial(torch.sin, x, out=h)],
        lambda delta, x, _h: [x.cos_, partial(delta.mul_, x)],
    ),
}
