"""The interface of arithmetics: the operations of hidden layers, each of all trials at once."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from torch import Tensor

from workers.engines.packed.buffers import LevelBuffers
from workers.engines.packed.gains import Gains
from workers.engines.packed.nonlinearities import Operation


class Arithmetic(Protocol):
    """Products and the nonlinearity of some hidden layers, each of all trials at once.

    Matrices have the trials as their first dimension, a minibatch's rows as the second of what
    goes through the layers.
    """

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

    def skip_forward(
        self,
        source: Tensor,
        weight: Tensor,
        bias: Tensor,
        level: LevelBuffers,
        gains: Gains,
        rows: int,
    ) -> Sequence[Operation]:
        """Return what computes a layer with an identity skip, ``skip * h + branch * f(W h + b)``.

        Args:
            source: h, ``(trials, rows or more, width)``, filled up to whole vectors.
            weight: ``(trials, width, width)``.
            bias: ``(trials, width)``.
            level: Buffers of the layer, of h's shape, overwritten.
            gains: Of the trials.
            rows: Samples that are computed.
        """
        ...

    def skip_backward(
        self,
        errors: Tensor,
        weight: Tensor,
        carried: Tensor,
        level: LevelBuffers,
        gains: Gains,
        target: Tensor,
    ) -> Sequence[Operation]:
        """Return what takes errors through a matrix with a skip and the nonlinearity before it.

        Args:
            errors: Behind the matrix, ``(trials, rows, width)``.
            weight: ``(trials, width, width)``.
            carried: Errors behind the skip, ``(trials, rows or more, width)``; overwritten with
                those before matrix and skip.
            level: Buffers of the layer below, of the same shape; ``entering`` may be overwritten.
            gains: The skip's that is gone through; the branch's of the layer below.
            target: Errors before the nonlinearity of the layer below, of the same shape,
                overwritten.
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
