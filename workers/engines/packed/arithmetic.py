"""Interface to the arithmetic of hidden layers, which computes all trials at once."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from torch import Tensor

from workers.engines.packed.buffers import LevelBuffers
from workers.engines.packed.gains import Gains
from workers.engines.packed.nonlinearities import Operation


class Arithmetic(Protocol):
    """Products and nonlinearity of hidden layers, for all trials at once.

    Methods compute nothing themselves; they return operations, to be called later and repeatedly.
    The first dimension of every tensor is the trial. Activations and errors have the samples of a
    minibatch as their second dimension, called rows.
    """

    def affine(
        self, source: Tensor, weight: Tensor, bias: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return the operations of ``W h + b``; those of `activate` have to follow.

        Args:
            source: h, ``(trials, rows, fan_in)``.
            weight: W, ``(trials, fan_out, fan_in)``.
            bias: b, ``(trials, fan_out)``.
            target: Result, ``(trials, rows, fan_out)``, overwritten.
        """
        ...

    def linear(
        self, source: Tensor, weight: Tensor, zeros: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return the operations of ``W h``, without a nonlinearity.

        Args:
            source: h, ``(trials, rows, fan_in)``.
            weight: W, ``(trials, fan_out, fan_in)``.
            zeros: Zeros, ``(trials, fan_out)``.
            target: Result, ``(trials, rows, fan_out)``, overwritten.
        """
        ...

    def linear_back(self, errors: Tensor, weight: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return the operations of the transpose of W times the errors.

        Args:
            errors: ``(trials, rows, fan_out)``.
            weight: W, ``(trials, fan_out, fan_in)``.
            target: Result, ``(trials, rows, fan_in)``, overwritten.
        """
        ...

    def activate(self, source: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return the operations that apply the nonlinearity to the result of `affine`."""
        ...

    def backward_input(
        self, errors: Tensor, weight: Tensor, source: Tensor, output: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return the operations of the backward pass through a matrix and the nonlinearity below.

        Args:
            errors: With respect to the output of the matrix, ``(trials, rows, fan_out)``.
            weight: ``(trials, fan_out, fan_in)``.
            source: Input of the nonlinearity, ``(trials, rows or more, fan_in)``; may be
                overwritten.
            output: Output of the nonlinearity, of the same shape.
            target: Errors with respect to ``source``, of the same shape, overwritten.
        """
        ...

    def skip_forward(
        self,
        source: Tensor,
        weight: Tensor,
        bias: Tensor,
        carried: Tensor,
        level: LevelBuffers,
        gains: Gains,
        rows: int,
    ) -> Sequence[Operation]:
        """Return the operations of a layer with a skip: ``skip * S h + branch * f(W h + b)``.

        Args:
            source: h, ``(trials, rows or more, width)``, padded to whole vectors.
            weight: W, ``(trials, width, width)``.
            bias: b, ``(trials, width)``.
            carried: S h, of the shape of ``source``; may be the buffer of the layer's output.
            level: Buffers of the layer, of the shape of ``source``, overwritten.
            gains: Gains of the trials.
            rows: Number of samples.
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
        """Return the operations of the backward pass through a layer with a skip.

        It goes through the matrix and its skip, and then through the nonlinearity of the layer
        below.

        Args:
            errors: With respect to the output of the matrix, ``(trials, rows, width)``.
            weight: ``(trials, width, width)``.
            carried: Errors with respect to the layer's output, ``(trials, rows or more, width)``;
                overwritten with those with respect to its input.
            level: Buffers of the layer below, of the same shape; ``entering`` may be overwritten.
            gains: Gain of this layer's skip, and gain of the branch of the layer below.
            target: Errors with respect to the input of the nonlinearity of the layer below, of the
                same shape, overwritten.
        """
        ...

    def gradient(
        self, errors: Tensor, source: Tensor, weight: Tensor, bias: Tensor
    ) -> Sequence[Operation]:
        """Return the operations that compute the gradients of a matrix and its bias.

        Args:
            errors: With respect to the output of the matrix, ``(trials, rows, fan_out)``.
            source: Input of the matrix, ``(trials, rows, fan_in)``.
            weight: Gradient of the matrix, ``(trials, fan_out, fan_in)``, overwritten.
            bias: Gradient of the bias, ``(trials, fan_out)``, overwritten.
        """
        ...

    def joined(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return an equivalent list of operations, possibly with fewer calls from Python."""
        ...
