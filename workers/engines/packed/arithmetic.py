"""The arithmetic of hidden layers as operations: by torch, or by kernels made for the machine."""

import importlib.util
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from workers.engines.packed.nonlinearities import Nonlinearity, Operation
from workers.estimates.sizes import WIDEST


class Arithmetic(Protocol):
    """Products and the nonlinearity of some hidden layers, each of all trials at once.

    Matrices have the trials as their first dimension, a minibatch's rows as the second of what
    goes through the layers.
    """

    @property
    def keeps_input(self) -> bool:
        """Whether the nonlinearity's input has buffers of its own; see `Nonlinearity`."""
        ...

    def affine(
        self, source: Tensor, weight: Tensor, bias: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return what computes a layer's input; `activate` has to follow.

        Args:
            source: ``(trials, rows, fan_in)``.
            weight: ``(trials, fan_out, fan_in)``.
            bias: ``(trials, fan_out)``.
            target: ``(trials, rows, fan_out)``, overwritten.
        """
        ...

    def activate(self, source: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return what applies the nonlinearity to what `affine` computed."""
        ...

    def backward_input(
        self, errors: Tensor, weight: Tensor, source: Tensor, output: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return what takes errors through a matrix and the nonlinearity before it.

        Args:
            errors: Behind the matrix, ``(trials, rows, fan_out)``.
            weight: ``(trials, fan_out, fan_in)``.
            source: Input of the nonlinearity, ``(trials, rows or more, fan_in)``; may be
                overwritten.
            output: Its output, of the same shape.
            target: Of the same shape, overwritten.
        """
        ...

    def gradient(
        self, errors: Tensor, source: Tensor, weight: Tensor, bias: Tensor
    ) -> Sequence[Operation]:
        """Return what computes the gradients of a matrix and its bias.

        Args:
            errors: Behind the matrix, ``(trials, rows, fan_out)``.
            source: What went into it, ``(trials, rows, fan_in)``.
            weight: ``(trials, fan_out, fan_in)``, overwritten.
            bias: ``(trials, fan_out)``, overwritten.
        """
        ...

    def joined(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return operations that do the same in the same order, perhaps in fewer calls."""
        ...


class TorchArithmetic:
    """`Arithmetic` by torch's batched products, on any device."""

    def __init__(self, nonlinearity: Nonlinearity) -> None:
        """Take a nonlinearity."""
        self._nonlinearity = nonlinearity
        self.keeps_input = nonlinearity.keeps_input

    def affine(
        self, source: Tensor, weight: Tensor, bias: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return a batched product."""
        return [partial(torch.baddbmm, bias.unsqueeze(1), source, weight.mT, out=target)]

    def activate(self, source: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return the nonlinearity's operations."""
        return self._nonlinearity.forward(source, target)

    def backward_input(
        self, errors: Tensor, weight: Tensor, source: Tensor, output: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return a batched product and the derivative."""
        rows = errors.shape[1]
        return [
            partial(torch.bmm, errors, weight, out=target[:, :rows]),
            *self._nonlinearity.backward(target, source, output),
        ]

    def gradient(
        self, errors: Tensor, source: Tensor, weight: Tensor, bias: Tensor
    ) -> Sequence[Operation]:
        """Return a batched product and a sum."""
        return [
            partial(torch.bmm, errors.mT, source, out=weight),
            partial(torch.sum, errors, 1, out=bias),
        ]

    def joined(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return the operations as they are."""
        return list(operations)


def arithmetic(nonlinearity: Nonlinearity, width: int, n_inputs: int, like: Tensor) -> Arithmetic:
    """Return the fastest arithmetic that there is for a shape on this machine.

    Args:
        nonlinearity: Of the hidden layers.
        width: Their units.
        n_inputs: Dimensions of one sample.
        like: Gives dtype and device.
    """
    reaches = like.device.type == "cpu" and width <= WIDEST
    if reaches and importlib.util.find_spec("llvmlite"):
        from workers.engines.packed.native import NativeArithmetic, processor

        if on := processor():
            return NativeArithmetic(nonlinearity, width, n_inputs, like, on)
    return TorchArithmetic(nonlinearity)
