"""Data of a pass: parameters, buffers and arithmetic of some trials of a pack."""

from dataclasses import dataclass

from torch import Tensor

from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.buffers import Activations, Batch
from workers.engines.packed.slot_depths import SlotDepths
from workers.engines.packed.storage import Block, Store


@dataclass(frozen=True, slots=True, eq=False)
class PassContext:
    """Data that the operations of a pass read and write.

    Attributes:
        store: Parameters and gains.
        depths: Slots and depths of the trials; the first trial uses index 0 of all buffers.
        activations: Buffers of the hidden layers.
        batch: Inputs and outputs.
        arithmetic: Arithmetic of the hidden layers.
        rows: Number of samples.
    """

    store: Store
    depths: SlotDepths
    activations: Activations
    batch: Batch
    arithmetic: Arithmetic
    rows: int

    def slots(self, lo: int, hi: int) -> slice:
        """Return the slots of a range of trials."""
        first = self.depths.first_slot
        return slice(first + lo, first + hi)

    def weight(self, block: Block, place: int, lo: int, hi: int) -> Tensor:
        """Return one layer's matrices of a range of trials."""
        slots = self.slots(lo, hi)
        return block.weight(block.values[0], place, slots.start, slots.stop)

    def bias(self, block: Block, place: int, lo: int, hi: int) -> Tensor:
        """Return one layer's biases of a range of trials."""
        slots = self.slots(lo, hi)
        return block.bias(block.values[0], place, slots.start, slots.stop)
