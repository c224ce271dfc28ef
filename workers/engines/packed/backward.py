"""The backward pass as a list of operations on buffers.

References:
    [CXZG16] T. Chen et al., Training deep nets with sublinear memory cost, arXiv:1604.06174:
        of a long chain keep the ends of sqrt(D) segments and compute each segment again.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from torch import Tensor

from workers.engines.packed.buffers import Errors
from workers.engines.packed.layer_passes import LayerPass, layer_pass
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.pass_context import PassContext
from workers.engines.packed.storage import Block


class Gradients(Protocol):
    """Storage of gradients, and the operations that use them."""

    def of(self, block: Block) -> Tensor | None:
        """Return the tensor for a block's gradients; None if they are not needed."""
        ...

    def done(self, block: Block) -> Sequence[Operation]:
        """Return the operations that follow when a block's gradients are complete."""
        ...


def backward_operations(
    context: PassContext, errors: Errors, gradients: Gradients, *, through_body: bool = True
) -> Iterator[Operation]:
    """Yield the operations of the backward pass in order, from the output to the first matrix.

    Args:
        context: Data of the pass; the forward operations have run before.
        errors: Buffers for errors.
        gradients: Storage of the gradients. Its operations for a complete block follow after the
            errors have passed through the block's matrices, so they may change these.
        through_body: Whether to go beyond the last matrix. Without it the gradients of the other
            blocks are not computed, which saves most of the time where all bodies are frozen.
    """
    depths, store, batch = context.depths, context.store, context.batch
    layers = layer_pass(context, errors)
    held_levels = _HeldLevels(context, layers)
    all_trials = (0, len(depths))
    delta, below = errors.deltas
    output_errors = batch.errors.mT
    if through_body:
        yield from layers.backward(store.last, 0, 0, output_errors, delta)
    output = context.activations.output(0)
    yield from _gradient(context, gradients, store.last, 0, all_trials, output_errors, output)
    yield from gradients.done(store.last)
    for level in range(depths.depth) if through_body else ():
        if deeper := depths.count_of(level + 2):
            yield from held_levels.recompute(level + 1)
            block, place = store.hidden_at(level)
            source = context.activations.output(level + 1)
            # Errors before gradients: they bring the activations into the cache for both.
            yield from layers.backward(block, place, level + 1, delta, below)
            yield from _gradient(context, gradients, block, place, (0, deeper), delta, source)
            if place == block.count - 1 or level == depths.depth - 2:
                yield from gradients.done(block)
        if starting := depths.starting_at(level):
            yield from _gradient(context, gradients, store.first, 0, starting, delta, batch.x)
        delta, below = below, delta
    yield from gradients.done(store.first)


class _HeldLevels:
    """Levels that the buffers contain at each point of the backward pass."""

    def __init__(self, context: PassContext, layers: LayerPass) -> None:
        self._depth, self._layers = context.depths.depth, layers
        self._key = context.activations.key
        self._level_of = {self._key(level): level for level in reversed(range(self._depth))}

    def recompute(self, level: int) -> Iterator[Operation]:
        """Yield the operations that recompute a level, from the nearest level above in a buffer."""
        top = level
        while top < self._depth and self._level_of[self._key(top)] != top:
            top += 1
        # Levels between were overwritten by others with the same key [CXZG16].
        for lost in reversed(range(level, top)):
            self._level_of[self._key(lost)] = lost
            yield from self._layers.forward(lost)


def _gradient(
    context: PassContext,
    gradients: Gradients,
    block: Block,
    place: int,
    trials: tuple[int, int],
    delta: Tensor,
    source: Tensor,
) -> Iterator[Operation]:
    """Yield the operations that compute the gradients of one layer of some trials."""
    target = gradients.of(block)
    if target is None:
        return
    lo, hi = trials
    slots = context.slots(lo, hi)
    error, given = delta[lo:hi, : context.rows], source[lo:hi, : context.rows]
    yield from context.arithmetic.gradient(
        error,
        given,
        block.weight(target, place, slots.start, slots.stop),
        block.bias(target, place, slots.start, slots.stop),
    )
