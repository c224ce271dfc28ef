"""Arithmetic of hidden layers by torch, on any device."""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor

from workers.engines.packed.buffers import LevelBuffers
from workers.engines.packed.gains import Gains
from workers.engines.packed.nonlinearities import BatchedNonlinearity, Operation


class TorchArithmetic:
    """The `Arithmetic` that uses batched products of torch."""

    def __init__(self, nonlinearity: BatchedNonlinearity) -> None:
        """Store the nonlinearity of the hidden layers."""
        self._nonlinearity = nonlinearity

    def affine(
        self, source: Tensor, weight: Tensor, bias: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return a batched product."""
        return [partial(torch.baddbmm, bias.unsqueeze(1), source, weight.mT, out=target)]

    def linear(
        self, source: Tensor, weight: Tensor, zeros: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return a batched product."""
        return [partial(torch.bmm, source, weight.mT, out=target)]

    def linear_back(self, errors: Tensor, weight: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return a batched product."""
        return [partial(torch.bmm, errors, weight, out=target)]

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
        """Return a batched product, the nonlinearity and the sum with the skip."""
        return [
            *self.affine(source[:, :rows], weight, bias, level.entering[:, :rows]),
            *self.activate(level.entering, level.branch),
            *add_skip(carried, level, gains),
        ]

    def skip_backward(
        self,
        errors: Tensor,
        weight: Tensor,
        carried: Tensor,
        level: LevelBuffers,
        gains: Gains,
        target: Tensor,
    ) -> Sequence[Operation]:
        """Return a batched product, the sum with the skip, and the derivative."""
        rows = errors.shape[1]
        return [
            partial(torch.bmm, errors, weight, out=target[:, :rows]),
            partial(torch.addcmul, target, carried, gains.skip, out=carried),
            partial(torch.mul, carried, gains.branch, out=target),
            *self._nonlinearity.backward(target, level.entering, level.branch),
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


def add_skip(carried: Tensor, level: LevelBuffers, gains: Gains) -> Sequence[Operation]:
    """Return the operations of ``skip * carried + branch * f``, given the branch f.

    Args:
        carried: S times the output of the level above, ``(trials, rows, width)``, padded to whole
            vectors; may be the buffer of the level's output.
        level: Buffers of the level, of the same shape; ``branch`` has been computed.
        gains: Gains of the trials.
    """
    return [
        partial(torch.mul, carried, gains.skip, out=level.output),
        partial(level.output.addcmul_, level.branch, gains.branch),
    ]
