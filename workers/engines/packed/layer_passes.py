"""The hidden layers' part of the forward and the backward pass: plain layers, and with a skip.

Level 0 is the hidden layer next to the output. A level is computed from the level above it, and
from the samples where a trial starts there.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

from torch import Tensor

from workers.engines.packed.buffers import Errors
from workers.engines.packed.frame import Frame
from workers.engines.packed.gains import GainColumns
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.storage import Block


class LayerPass(Protocol):
    """One rule of hidden layers, applied to the trials of a frame."""

    def forward(self, level: int) -> Iterator[Operation]:
        """Yield what fills one level's activations."""
        ...

    def backward(
        self, block: Block, place: int, level: int, delta: Tensor, below: Tensor
    ) -> Iterator[Operation]:
        """Yield what takes errors from behind a matrix to the nonlinearity of the level before it.

        Args:
            block: The matrix's.
            place: The matrix's in the block.
            level: The level whose output goes into the matrix.
            delta: Errors behind the matrix, ``(trials, rows or more, fan_out)``.
            below: Errors with respect to the input of the level's nonlinearity, overwritten.
        """
        ...


def layer_pass(frame: Frame, errors: Errors | None = None) -> LayerPass:
    """Return the pass for the rule that a frame's layers have.

    Args:
        frame: The pass's.
        errors: Buffers of the backward pass; None for a forward pass alone.
    """
    gains = frame.store.gains
    if gains is None:
        return PlainPass(frame)
    return SkipPass(frame, gains, None if errors is None else errors.carried)


class PlainPass:
    """The `LayerPass` of ``h' = f(W h + b)``."""

    def __init__(self, frame: Frame) -> None:
        """Take what to work on."""
        self._frame = frame

    def forward(self, level: int) -> Iterator[Operation]:
        """Yield products, and one nonlinearity of all trials."""
        frame, depths = self._frame, self._frame.depths
        buffers = frame.activations.plain(level)
        if deeper := depths.count_of(level + 2):
            block, place = frame.store.hidden_at(level)
            source = frame.activations.output(level + 1)
            yield from _affine(frame, block, place, (0, deeper), source, buffers.entering)
        if starting := depths.starting_at(level):
            source = frame.batch.x
            yield from _affine(frame, frame.store.first, 0, starting, source, buffers.entering)
        rows = frame.activations.spanned(frame.rows)
        part = buffers.part(slice(depths.count_of(level + 1)), rows)
        yield from frame.arithmetic.activate(part.entering, part.output)

    def backward(
        self, block: Block, place: int, level: int, delta: Tensor, below: Tensor
    ) -> Iterator[Operation]:
        """Yield a product and the derivative."""
        frame = self._frame
        count = frame.depths.count_of(level + 1)
        buffers = frame.activations.plain(level).part(slice(count))
        yield from frame.arithmetic.backward_input(
            delta[:count, : frame.rows],
            frame.weight(block, place, 0, count),
            buffers.entering,
            buffers.output,
            below[:count],
        )


class SkipPass:
    """The `LayerPass` of ``h' = skip_gain * h + branch_gain * f(W h + b)``.

    A trial's first layer is plain, because samples have another size.
    """

    def __init__(self, frame: Frame, gains: GainColumns, carried: Tensor | None) -> None:
        """Take what to work on.

        Args:
            frame: The pass's.
            gains: Of its slots.
            carried: Buffer for errors with respect to a level's output, which the skips carry
                on; None for a forward pass alone.
        """
        self._frame, self._gains, self._carried = frame, gains, carried

    def forward(self, level: int) -> Iterator[Operation]:
        """Yield whole layers with a skip, and the first layers of the trials that start."""
        frame, depths, activations = self._frame, self._frame.depths, self._frame.activations
        rows = activations.spanned(frame.rows)
        if deeper := depths.count_of(level + 2):
            block, place = frame.store.hidden_at(level)
            yield from frame.arithmetic.skip_forward(
                activations.output(level + 1)[:deeper, :rows],
                frame.weight(block, place, 0, deeper),
                frame.bias(block, place, 0, deeper),
                activations.skipped(level).part(slice(deeper), rows),
                self._gains.behind_the_first(frame.slots(0, deeper)),
                frame.rows,
            )
        if starting := depths.starting_at(level):
            plain, first = activations.plain(level), frame.store.first
            yield from _affine(frame, first, 0, starting, frame.batch.x, plain.entering)
            part = plain.part(slice(*starting), rows)
            yield from frame.arithmetic.activate(part.entering, part.output)

    def backward(
        self, block: Block, place: int, level: int, delta: Tensor, below: Tensor
    ) -> Iterator[Operation]:
        """Yield products, sums with the carried errors, and derivatives."""
        frame, depths, carried = self._frame, self._frame.depths, self._carried
        assert carried is not None, "a forward pass has no buffer for errors"
        if level == 0:  # Behind it is the last layer, past which nothing is carried.
            yield carried[: len(depths)].zero_
        deeper, activations = depths.count_of(level + 2), frame.activations
        parts = [((0, deeper), self._gains.behind_the_first, activations.skipped)]
        if starting := depths.starting_at(level):
            parts.append((starting, self._gains.of_the_first, activations.plain))
        for (lo, hi), gains, buffers in parts:
            if lo == hi:
                continue
            trials = slice(lo, hi)
            yield from frame.arithmetic.skip_backward(
                delta[trials, : frame.rows],
                frame.weight(block, place, lo, hi),
                carried[trials],
                buffers(level).part(trials),
                gains(frame.slots(lo, hi)),
                below[trials],
            )


def _affine(
    frame: Frame, block: Block, place: int, trials: tuple[int, int], source: Tensor, target: Tensor
) -> Sequence[Operation]:
    lo, hi = trials
    return frame.arithmetic.affine(
        source[lo:hi, : frame.rows],
        frame.weight(block, place, lo, hi),
        frame.bias(block, place, lo, hi),
        target[lo:hi, : frame.rows],
    )
