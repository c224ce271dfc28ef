"""The forward pass as a list of operations on buffers, made once and repeated.

An operation is a call with its arguments bound. Making the list takes about as long as a few
steps take to dispatch, and it is made anew only when trials join or leave.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.buffers import Activations, Batch
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.slot_depths import SlotDepths
from workers.engines.packed.storage import Block, Store


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What a pass works on.

    Attributes:
        store: Parameters.
        depths: Which trials; the first uses place 0 of all buffers.
        activations: Buffers of the hidden layers.
        batch: Inputs and outputs.
        arithmetic: Of the hidden layers.
        rows: Samples that are computed.
    """

    store: Store
    depths: SlotDepths
    activations: Activations
    batch: Batch
    arithmetic: Arithmetic
    rows: int

    def weight(self, block: Block, place: int, lo: int, hi: int) -> Tensor:
        """Return one layer's matrices of a range of trials."""
        first = self.depths.first_slot
        return block.weight(block.values[0], place, first + lo, first + hi)

    def bias(self, block: Block, place: int, lo: int, hi: int) -> Tensor:
        """Return one layer's biases of a range of trials."""
        first = self.depths.first_slot
        return block.bias(block.values[0], place, first + lo, first + hi)


def forward_operations(frame: Frame) -> Iterator[Operation]:
    """Yield the whole pass, from the inputs to the outputs, in order."""
    for level in reversed(range(frame.depths.depth)):
        yield from level_operations(frame, level)
    live = len(frame.depths)
    yield partial(
        torch.baddbmm,
        frame.bias(frame.store.last, 0, 0, live).unsqueeze(2),
        frame.weight(frame.store.last, 0, 0, live),
        frame.activations.output(0)[:live, : frame.rows].mT,
        out=frame.batch.outputs[:live, :, : frame.rows],
    )


def level_operations(frame: Frame, level: int) -> Iterator[Operation]:
    """Yield what fills one level's activations.

    Args:
        frame: The pass.
        level: 0 is next to the output. It is computed from the level above it, and from the
            inputs where a trial starts there.
    """
    depths, buffers = frame.depths, frame.activations
    target = buffers.input(level)
    if deeper := depths.count_of(level + 2):
        block, place = frame.store.hidden_at(level)
        source = buffers.output(level + 1)
        yield from _affine(frame, block, place, (0, deeper), source, target)
    if starting := depths.starting_at(level):
        yield from _affine(frame, frame.store.first, 0, starting, frame.batch.x, target)
    part = slice(depths.count_of(level + 1)), slice(buffers.spanned(frame.rows))
    yield from frame.arithmetic.activate(target[part], buffers.output(level)[part])


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
