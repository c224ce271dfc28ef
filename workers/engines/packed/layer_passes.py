"""Forward and backward operations of hidden layers: plain ones, and ones with a skip.

Levels are hidden layers counted from the output: level 0 is next to it. A level is computed from
the level above it, or from the samples for a trial whose first hidden layer it is.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from torch import Tensor

from workers.engines.packed.buffers import Errors
from workers.engines.packed.filters import filter_of
from workers.engines.packed.gains import GainColumns
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.pass_context import PassContext
from workers.engines.packed.storage import Block


class LayerPass(Protocol):
    """Interface to the passes through hidden layers of one rule."""

    def forward(self, level: int) -> Iterator[Operation]:
        """Yield the operations that compute the activations of a level."""
        ...

    def backward(
        self, block: Block, place: int, level: int, delta: Tensor, below: Tensor
    ) -> Iterator[Operation]:
        """Yield the operations of the backward pass through a matrix and a level's nonlinearity.

        Args:
            block: Block of the matrix.
            place: Index of the matrix in the block.
            level: Level whose output is the input of the matrix.
            delta: Errors with respect to the output of the matrix, ``(trials, rows or more,
                fan_out)``.
            below: Errors with respect to the input of the level's nonlinearity, overwritten.
        """
        ...


def layer_pass(context: PassContext, errors: Errors | None = None) -> LayerPass:
    """Return the passes for the rule of a pack's hidden layers.

    Args:
        context: Data of the pass.
        errors: Buffers of the backward pass; None for a forward pass alone.
    """
    gains = context.store.gains
    if gains is None:
        return PlainPass(context)
    return SkipPass(context, gains, () if errors is None else errors.carried)


class PlainPass:
    """The `LayerPass` of ``h' = f(W h + b)``."""

    def __init__(self, context: PassContext) -> None:
        """Store the data of the pass."""
        self._context = context

    def forward(self, level: int) -> Iterator[Operation]:
        """Yield products, and one call of the nonlinearity for all trials."""
        context, depths = self._context, self._context.depths
        buffers = context.activations.plain(level)
        if deeper := depths.count_of(level + 2):
            block, place = context.store.hidden_at(level)
            source = context.activations.output(level + 1)
            yield from context.store.loading(level)
            yield from _affine(context, block, place, (0, deeper), source, buffers.entering)
        if starting := depths.starting_at(level):
            source = context.batch.x
            yield from _affine(context, context.store.first, 0, starting, source, buffers.entering)
        rows = context.activations.padded(context.rows)
        part = buffers.part(slice(depths.count_of(level + 1)), rows)
        yield from context.arithmetic.activate(part.entering, part.output)

    def backward(
        self, block: Block, place: int, level: int, delta: Tensor, below: Tensor
    ) -> Iterator[Operation]:
        """Yield a product and the derivative."""
        context = self._context
        count = context.depths.count_of(level + 1)
        buffers = context.activations.plain(level).part(slice(count))
        if level:
            yield from context.store.loading(level - 1)
        yield from context.arithmetic.backward_input(
            delta[:count, : context.rows],
            context.weight(block, place, 0, count),
            buffers.entering,
            buffers.output,
            below[:count],
        )


class SkipPass:
    """The `LayerPass` of ``h' = skip_gain * S h + branch_gain * f(W h + b)``.

    A trial's first layer is plain, because samples have another size.
    """

    def __init__(
        self, context: PassContext, gains: GainColumns, carried: tuple[Tensor, ...]
    ) -> None:
        """Store the arguments.

        Args:
            context: Data of the pass.
            gains: Gains by slot.
            carried: Buffers for the errors with respect to a level's output; none for a forward
                pass alone.
        """
        self._context, self._gains = context, gains
        self._filter = filter_of(context.store.skip, context)
        # Errors pass through a filter from one buffer to the other.
        self._carried = carried[:1] + carried[-1:]

    def forward(self, level: int) -> Iterator[Operation]:
        """Yield whole layers with a skip, and the first layers of the trials that start."""
        context, depths, activations = (
            self._context,
            self._context.depths,
            self._context.activations,
        )
        rows = activations.padded(context.rows)
        if deeper := depths.count_of(level + 2):
            block, place = context.store.hidden_at(level)
            source = activations.output(level + 1)[:deeper, :rows]
            buffers = activations.skipped(level).part(slice(deeper), rows)
            carried, filtering = self._filter.forward(level, (0, deeper), source, buffers.output)
            yield from context.store.loading(level)
            yield from filtering
            yield from context.arithmetic.skip_forward(
                source,
                context.weight(block, place, 0, deeper),
                context.bias(block, place, 0, deeper),
                carried,
                buffers,
                self._gains.of_skip_layers(context.slots(0, deeper)),
                context.rows,
            )
        if starting := depths.starting_at(level):
            plain, first = activations.plain(level), context.store.first
            yield from _affine(context, first, 0, starting, context.batch.x, plain.entering)
            part = plain.part(slice(*starting), rows)
            yield from context.arithmetic.activate(part.entering, part.output)

    def backward(
        self, block: Block, place: int, level: int, delta: Tensor, below: Tensor
    ) -> Iterator[Operation]:
        """Yield products, sums with the carried errors, and derivatives."""
        context, depths = self._context, self._context.depths
        assert self._carried, "a forward pass has no buffer for errors"
        above, carried = self._carried
        count = depths.count_of(level + 1)
        if level == 0:  # The last layer has no skip, so no errors pass along it.
            yield carried[: len(depths)].zero_
        else:
            yield from context.store.loading(level - 1)
            yield from self._filter.backward(level - 1, (0, count), above[:count], carried[:count])
        self._carried = carried, above
        deeper, activations = depths.count_of(level + 2), context.activations
        parts = [((0, deeper), self._gains.of_skip_layers, activations.skipped)]
        if starting := depths.starting_at(level):
            parts.append((starting, self._gains.of_first_layers, activations.plain))
        for (lo, hi), gains, buffers in parts:
            if lo == hi:
                continue
            trials = slice(lo, hi)
            yield from context.arithmetic.skip_backward(
                delta[trials, : context.rows],
                context.weight(block, place, lo, hi),
                carried[trials],
                buffers(level).part(trials),
                gains(context.slots(lo, hi)),
                below[trials],
            )


def _affine(
    context: PassContext,
    block: Block,
    place: int,
    trials: tuple[int, int],
    source: Tensor,
    target: Tensor,
) -> Sequence[Operation]:
    lo, hi = trials
    return context.arithmetic.affine(
        source[lo:hi, : context.rows],
        context.weight(block, place, lo, hi),
        context.bias(block, place, lo, hi),
        target[lo:hi, : context.rows],
    )
