"""Skips of hidden layers: the matrix S by which a layer's input is added to its output."""

from collections.abc import Sequence
from functools import partial
from typing import Protocol

import torch
from torch import Tensor

from workers.architectures import Skip
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.pass_context import PassContext


class Filter(Protocol):
    """Interface to the product with S, which is fixed."""

    def forward(
        self, level: int, trials: tuple[int, int], source: Tensor, target: Tensor
    ) -> tuple[Tensor, Sequence[Operation]]:
        """Return the tensor that will contain ``S h``, and the operations that compute it.

        Args:
            level: Hidden layer, counted from the output.
            trials: Range of trials.
            source: h, ``(trials, rows, width)``.
            target: Buffer of the same shape, which may be overwritten.
        """
        ...

    def backward(
        self, level: int, trials: tuple[int, int], errors: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return the operations that write the transpose of S times the errors to ``target``.

        Args:
            level: Hidden layer, counted from the output.
            trials: Range of trials.
            errors: Errors with respect to the layer's output, ``(trials, rows, width)``.
            target: Result, of the same shape, overwritten. It is ``errors`` itself if S is the
                identity.
        """
        ...


class IdentityFilter:
    """The `Filter` of the identity, which needs no operation."""

    def forward(
        self, level: int, trials: tuple[int, int], source: Tensor, target: Tensor
    ) -> tuple[Tensor, Sequence[Operation]]:
        """Return the source."""
        return source, ()

    def backward(
        self, level: int, trials: tuple[int, int], errors: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return no operation."""
        return ()


class OrthogonalFilter:
    """The `Filter` of orthogonal matrices: a product."""

    def __init__(self, context: PassContext) -> None:
        """Store the data of the pass."""
        self._context = context

    def forward(
        self, level: int, trials: tuple[int, int], source: Tensor, target: Tensor
    ) -> tuple[Tensor, Sequence[Operation]]:
        """Return the target and a product."""
        context = self._context
        block, place = context.store.filter_at(level)
        weight = context.weight(block, place, *trials)
        # The place of the bias in a block of filters is always zero.
        zeros = context.bias(block, place, *trials)
        return target, context.arithmetic.linear(source, weight, zeros, target)

    def backward(
        self, level: int, trials: tuple[int, int], errors: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return a product."""
        block, place = self._context.store.filter_at(level)
        weight = self._context.weight(block, place, *trials)
        return self._context.arithmetic.linear_back(errors, weight, target)


class PermutationFilter:
    """The `Filter` of permutations: columns are moved, and nothing is computed."""

    def __init__(self, context: PassContext) -> None:
        """Store the data of the pass."""
        self._context = context

    def forward(
        self, level: int, trials: tuple[int, int], source: Tensor, target: Tensor
    ) -> tuple[Tensor, Sequence[Operation]]:
        """Return the target and the collection of columns."""
        order = self._order(level, trials, source)
        return target, [partial(torch.gather, source, 2, order, out=target)]

    def backward(
        self, level: int, trials: tuple[int, int], errors: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return the distribution of columns to their places."""
        return [partial(target.scatter_, 2, self._order(level, trials, errors), errors)]

    def _order(self, level: int, trials: tuple[int, int], like: Tensor) -> Tensor:
        block, place = self._context.store.filter_at(level)
        return self._context.weight(block, place, *trials).expand(like.shape)


def filter_of(skip: Skip, context: PassContext) -> Filter:
    """Return the filter of a skip; there must be one."""
    match skip:
        case Skip.ORTHOGONAL:
            return OrthogonalFilter(context)
        case Skip.PERMUTATION:
            return PermutationFilter(context)
        case _:
            return IdentityFilter()
