"""The backward pass, written out, as a list of operations on buffers.

References:
    [CXZG16] T. Chen et al., Training deep nets with sublinear memory cost, arXiv:1604.06174:
        of a long chain keep the ends of sqrt(D) segments and compute each segment again.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from torch import Tensor

from workers.engines.packed.buffers import Errors
from workers.engines.packed.frame import Frame
from workers.engines.packed.layer_passes import LayerPass, layer_pass
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.storage import Block


class Gradients(Protocol):
    """Where the gradients of a block go, and what happens when they are all there."""

    def of(self, block: Block) -> Tensor | None:
        """Return the tensor for a block's gradients; None if they are not wanted."""
        ...

    def done(self, block: Block) -> Sequence[Operation]:
        """Return the operations that follow when a block's gradients are complete."""
        ...


def backward_operations(frame: Frame, errors: Errors, gradients: Gradients) -> Iterator[Operation]:
    """Yield the whole pass, from the errors at the output to the first matrix, in order.

    Args:
        frame: The pass; its forward operations came before.
        errors: Buffers for the errors on their way.
        gradients: Where gradients go and what follows. A block is done only after the errors
            have passed through its matrices, so these may then change.
    """
    depths, store, batch = frame.depths, frame.store, frame.batch
    layers = layer_pass(frame, errors)
    held = _Held(frame, layers)
    everyone = (0, len(depths))
    delta, below = errors.deltas
    output_errors = batch.errors.mT
    yield from layers.backward(store.last, 0, 0, output_errors, delta)
    output = frame.activations.output(0)
    yield from _gradient(frame, gradients, store.last, 0, everyone, output_errors, output)
    yield from gradients.done(store.last)
    for level in range(depths.depth):
        if deeper := depths.count_of(level + 2):
            yield from held.again(level + 1)
            block, place = store.hidden_at(level)
            source = frame.activations.output(level + 1)
            # The errors go first: their pass over the activations brings these into the cache.
            yield from layers.backward(block, place, level + 1, delta, below)
            yield from _gradient(frame, gradients, block, place, (0, deeper), delta, source)
            if place == block.count - 1 or level == depths.depth - 2:
                yield from gradients.done(block)
        if starting := depths.starting_at(level):
            yield from _gradient(frame, gradients, store.first, 0, starting, delta, batch.x)
        delta, below = below, delta
    yield from gradients.done(store.first)


class _Held:
    """Which levels the buffers hold, as the backward pass goes on."""

    def __init__(self, frame: Frame, layers: LayerPass) -> None:
        self._depth, self._layers = frame.depths.depth, layers
        self._key = frame.activations.key
        self._level_of = {self._key(level): level for level in reversed(range(self._depth))}

    def again(self, level: int) -> Iterator[Operation]:
        """Yield what computes a level anew, from the nearest level above that is held."""
        top = level
        while top < self._depth and self._level_of[self._key(top)] != top:
            top += 1
        for lost in reversed(range(level, top)):
            self._level_of[self._key(lost)] = lost
            yield from self._layers.forward(lost)


def _gradient(
    frame: Frame,
    gradients: Gradients,
    block: Block,
    place: int,
    trials: tuple[int, int],
    delta: Tensor,
    source: Tensor,
) -> Iterator[Operation]:
    """Multiply the errors behind a matrix with what went into it."""
    target = gradients.of(block)
    if target is None:
        return
    lo, hi = trials
    slots = frame.slots(lo, hi)
    error, given = delta[lo:hi, : frame.rows], source[lo:hi, : frame.rows]
    yield from frame.arithmetic.gradient(
        error,
        given,
        block.weight(target, place, slots.start, slots.stop),
        block.bias(target, place, slots.start, slots.stop),
    )
