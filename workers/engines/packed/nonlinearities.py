"""Activations and their derivatives, in place, as operations with their arguments bound.

The backward kernels are those that autograd calls, so both agree at the kinks too.
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
_aten = torch.ops.aten

_SELU = (1.6732632423543772, 1.0507009873554805)  # alpha and scale, as torch has them


@dataclass(frozen=True, slots=True)
class Nonlinearity:
    """One activation over whole buffers.

    Attributes:
        keeps_input: Whether the derivative is taken of the input. Then the activation goes from
            one buffer to another; else it is in place, and both arguments are one buffer.
        forward: From input and output buffer to the operations that fill the output.
        backward: From the error with respect to the output, input and output buffer to the
            operations that turn the error, in place, into that with respect to the input. They
            may overwrite the input.
        rectifies: Of an activation that is the identity above 0 and a line below, in place: the
            line's slope; else None.
    """

    keeps_input: bool
    forward: Callable[[Tensor, Tensor], Sequence[Operation]]
    backward: Callable[[Tensor, Tensor, Tensor], Sequence[Operation]]
    rectifies: float | None = None


def nonlinearity(activation: Activation, slope: float) -> Nonlinearity:
    """Return an activation.

    Args:
        activation: Which.
        slope: Negative-side slope of ``leaky_relu``; not read by the others.
    """
    match activation:
        case Activation.LINEAR:
            return Nonlinearity(False, lambda _x, _h: [], lambda _delta, _x, _h: [])
        case Activation.LEAKY_RELU:
            return _leaky_relu(slope)
        case Activation.SELU:
            return _elu(*_SELU)
        case Activation.ELU:
            return _elu(1.0, 1.0)
        case _:
            return _FIXED[activation]


def _scale_(values: Tensor, factor: float) -> Operation:
    # With a Python number torch would make such a tensor at every call.
    return partial(values.mul_, values.new_full((), factor))


def _kernel_backward(
    name: str, *constants: object, of_input: bool, **options: object
) -> Callable[[Tensor, Tensor, Tensor], Sequence[Operation]]:
    kernel = getattr(_aten, name).grad_input

    def backward(delta: Tensor, x: Tensor, h: Tensor) -> Sequence[Operation]:
        known = x if of_input else h
        return [partial(kernel, delta, known, *constants, **options, grad_input=delta)]

    return backward


def _leaky_relu(slope: float) -> Nonlinearity:
    if slope >= 0.0:  # The output has the sign of the input.
        return Nonlinearity(
            False,
            lambda _x, h: [partial(functional.leaky_relu_, h, slope)],
            _kernel_backward("leaky_relu_backward", slope, True, of_input=False),
            rectifies=slope,
        )
    return Nonlinearity(
        True,
        lambda x, h: [partial(_aten.leaky_relu.out, x, slope, out=h)],
        _kernel_backward("leaky_relu_backward", slope, False, of_input=True),
    )


def _elu(alpha: float, scale: float) -> Nonlinearity:
    def backward(delta: Tensor, x: Tensor, _h: Tensor) -> Sequence[Operation]:
        kernel = _aten.elu_backward.grad_input
        return [partial(kernel, delta, alpha, scale, 1.0, False, x, grad_input=delta)]

    return Nonlinearity(
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
    Activation.RELU: Nonlinearity(
        False,
        lambda _x, h: [h.relu_],
        _kernel_backward("threshold_backward", 0.0, of_input=False),
        rectifies=0.0,
    ),
    Activation.TANH: Nonlinearity(
        False, lambda _x, h: [h.tanh_], _kernel_backward("tanh_backward", of_input=False)
    ),
    Activation.HARDTANH: Nonlinearity(
        False,
        lambda _x, h: [partial(torch.clamp, h, -1.0, 1.0, out=h)],
        _kernel_backward("hardtanh_backward", -1.0, 1.0, of_input=False),
    ),
    Activation.SIGMOID_CENTRED: Nonlinearity(
        False, lambda _x, h: [_scale_(h, 0.5), h.tanh_], _sigmoid_centred_backward
    ),
    Activation.ERF: Nonlinearity(True, lambda x, h: [partial(torch.erf, x, out=h)], _erf_backward),
    Activation.SOFTPLUS: Nonlinearity(
        True,
        lambda x, h: [partial(_aten.softplus.out, x, 1.0, 20.0, out=h)],
        _kernel_backward("softplus_backward", 1.0, 20.0, of_input=True),
    ),
    Activation.GELU: Nonlinearity(
        True,
        lambda x, h: [partial(_aten.gelu.out, x, approximate="none", out=h)],
        _kernel_backward("gelu_backward", of_input=True, approximate="none"),
    ),
    Activation.SILU: Nonlinearity(
        True,
        lambda x, h: [partial(_aten.silu.out, x, out=h)],
        _kernel_backward("silu_backward", of_input=True),
    ),
    Activation.SINE: Nonlinearity(
        True,
        lambda x, h: [partial(torch.sin, x, out=h)],
        lambda delta, x, _h: [x.cos_, partial(delta.mul_, x)],
    ),
}
