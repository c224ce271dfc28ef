"""The arithmetic of hidden layers by torch's batched products, on any device."""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor

from workers.engines.packed.nonlinearities import Nonlinearity, Operation


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
