"""Parameters and optimizer state of all trials of a pack, in few tensors.

Hidden layers are counted from the output: hidden matrix 0 is next to the last matrix. Because the
deeper trials are in the lower slots, the trials that have a certain hidden layer are always in the
first slots, and one batched product computes them.
"""

from collections.abc import Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from workers.architectures import Skip, architecture_of
from workers.contract import Network
from workers.engines.packed.allocation import allocate, allocate_all
from workers.engines.packed.gains import GainColumns
from workers.engines.packed.nonlinearities import Operation
from workers.estimates.buffers import BlockPlan, StorePlan


class Block:
    """Consecutive layers of one shape: for each a matrix, its bias and padding.

    Attributes:
        shape: Shape of a matrix, ``(fan_out, fan_in)``.
        count: Number of layers.
        slab: Count of numbers of a layer, with padding.
        values: Parameters and then optimizer state, each of shape ``(slots, count * slab)``.
            Padding has no meaning.
    """

    def __init__(self, plan: BlockPlan, device: torch.device) -> None:
        """Allocate parameters of zeros, without optimizer state."""
        self.count, self.slab = plan.count, plan.slab
        self.shape = (plan.fan_out, plan.fan_in)
        self._plan, self._device = plan, device
        self.values: list[Tensor] = []
        self.ensure_kinds(1)

    def blank(self) -> Tensor:
        """Return a new tensor of zeros for one kind of values."""
        return allocate(self._plan.values, self._device)

    def ensure_kinds(self, kinds: int) -> None:
        """Add optimizer state of zeros until there are ``kinds`` kinds of values."""
        while len(self.values) < kinds:
            self.values.append(self.blank())

    def weight(self, values: Tensor, layer: int, lo: int, hi: int) -> Tensor:
        """Return a view of one layer's matrices in some slots, ``(hi - lo, fan_out, fan_in)``."""
        fan_out, fan_in = self.shape
        return values.as_strided(
            (hi - lo, fan_out, fan_in),
            (self.count * self.slab, fan_in, 1),
            (lo * self.count + layer) * self.slab,
        )

    def bias(self, values: Tensor, layer: int, lo: int, hi: int) -> Tensor:
        """Return a view of one layer's biases in some slots, ``(hi - lo, fan_out)``."""
        fan_out, fan_in = self.shape
        return values.as_strided(
            (hi - lo, fan_out),
            (self.count * self.slab, 1),
            (lo * self.count + layer) * self.slab + fan_out * fan_in,
        )


class Store:
    """All blocks of a pack, which grows for a deeper trial.

    Attributes:
        first: Block of the first layers.
        last: Block of the last layers.
        hidden: Blocks of the other hidden layers, output side first.
        filters: Blocks of the fixed matrices of the skips, output side first; one block of one
            matrix if the layers share it; empty if the skips have no matrices.
        gains: Gains of hidden layers with a skip; None if they have no skip.
        block_layers: Layers of each hidden block.
        skip: Skip of the hidden layers.
    """

    def __init__(self, plan: StorePlan, device: torch.device) -> None:
        """Allocate the first and the last layers."""
        self._plan, self._device = plan, device
        self._kinds = 1
        self.first, self.last = Block(plan.first, device), Block(plan.last, device)
        self.hidden: list[Block] = []
        self.filters: list[Block] = []
        self.block_layers, self.skip = plan.block_layers, plan.shape.skip
        columns = allocate_all(plan.gains(), device)
        self.gains = GainColumns(columns) if columns else None

    def ensure(self, depth: int, kinds: int) -> None:
        """Add blocks and kinds of values for trials of a depth; present values are not changed."""
        self._kinds = max(self._kinds, kinds)
        while len(self.hidden) < self._plan.blocks(depth):
            self.hidden.append(Block(self._plan.hidden, self._device))
        while len(self.filters) < self._plan.filter_blocks(depth):
            self.filters.append(Block(self._plan.filters, self._device))
        for block in (self.first, self.last, *self.hidden):
            block.ensure_kinds(self._kinds)

    def write_gains(self, networks: Sequence[Network]) -> None:
        """Write the gains of the networks in the first slots; does nothing without skips."""
        if self.gains is not None:
            self.gains.write([architecture_of(each).hidden_rule(each) for each in networks])

    def parts(self, depth: int) -> Iterator[tuple[Block, int]]:
        """Yield each block of parameters that a trial of a depth uses, and how many numbers."""
        yield self.first, self.first.slab
        yield self.last, self.last.slab
        for i, block in enumerate(self.hidden):
            layers = min(depth - 1 - i * self.block_layers, self.block_layers)
            if layers <= 0:
                return
            yield block, layers * block.slab

    def hidden_at(self, layer: int) -> tuple[Block, int]:
        """Return the block of a hidden layer, and the layer's index in the block."""
        block, place = divmod(layer, self.block_layers)
        return self.hidden[block], place

    def filter_at(self, layer: int) -> tuple[Block, int]:
        """Return the block and the index of a hidden layer's fixed matrix."""
        if self._plan.shape.shares_filter:
            return self.filters[0], 0
        block, place = divmod(layer, self.block_layers)
        return self.filters[block], place

    def loading(self, layer: int) -> Iterator[Operation]:
        """Yield the operations that have to run before a hidden layer's matrices are used: none."""
        return iter(())

    def weights(self, kind: int, slot: int, depth: int) -> list[Tensor]:
        """Return views of a trial's D + 1 matrices, input side first."""
        return [
            block.weight(block.values[kind], place, slot, slot + 1)[0]
            for block, place in self._layers(depth)
        ]

    def biases(self, kind: int, slot: int, depth: int) -> list[Tensor]:
        """Return views of a trial's D + 1 biases, input side first."""
        return [
            block.bias(block.values[kind], place, slot, slot + 1)[0]
            for block, place in self._layers(depth)
        ]

    def fixed(self, slot: int, count: int) -> list[Tensor]:
        """Return views of a trial's fixed matrices, input side first.

        Args:
            slot: Slot of the trial.
            count: Number of its fixed matrices.
        """
        views = []
        for layer in reversed(range(count)):
            block, place = self.filter_at(layer)
            view = block.weight(block.values[0], place, slot, slot + 1)[0]
            views.append(view[0] if self.skip is Skip.PERMUTATION else view)
        return views

    def clear(self, slot: int, depth: int) -> None:
        """Set all parameters and optimizer state of a slot to 0."""
        for block, length in self.parts(depth):
            for values in block.values:
                values[slot, :length].zero_()

    def move(self, source: int, target: int, depth: int) -> None:
        """Copy a trial from one slot to another."""
        self.put(target, depth, self._views(source, depth))
        for block in self.filters:
            block.values[0][target].copy_(block.values[0][source])

    def take(self, slot: int, depth: int) -> list[Tensor]:
        """Return copies of all parameters and optimizer state of the trial in a slot."""
        return [view.clone() for view in self._views(slot, depth)]

    def put(self, slot: int, depth: int, values: Sequence[Tensor]) -> None:
        """Write values as `take` returns them to a slot."""
        for view, value in zip(self._views(slot, depth), values, strict=True):
            view.copy_(value)

    def _views(self, slot: int, depth: int) -> list[Tensor]:
        return [
            values[slot, :length] for block, length in self.parts(depth) for values in block.values
        ]

    def _layers(self, depth: int) -> Iterator[tuple[Block, int]]:
        yield self.first, 0
        for layer in reversed(range(depth - 1)):
            yield self.hidden_at(layer)
        yield self.last, 0


class StreamedStore(Store):
    """A trial's parameters in another precision, whose hidden layers are copied one at a time.

    A copy of all layers would take several times the memory of the trial. Blocks of hidden layers
    have room for one layer, which `loading` overwrites.
    """

    def __init__(self, plan: StorePlan, source: Store, device: torch.device) -> None:
        """Allocate room for the first, one hidden and the last layer.

        Args:
            plan: Sizes, with one slot and blocks of one layer.
            source: Parameters of the pack.
            device: Device of the copies.
        """
        super().__init__(plan, device)
        self._source, self._slot = source, 0

    def open(self, slot: int, depth: int) -> None:
        """Copy the ends of the trial in a slot of the source; `loading` copies from that slot."""
        self._slot = slot
        self.ensure(min(depth, 2), 1)
        for block, given in ((self.first, self._source.first), (self.last, self._source.last)):
            block.values[0][0].copy_(given.values[0][slot])

    def hidden_at(self, layer: int) -> tuple[Block, int]:
        """Return the room for a hidden layer."""
        return self.hidden[0], 0

    def filter_at(self, layer: int) -> tuple[Block, int]:
        """Return the room for a fixed matrix."""
        return self.filters[0], 0

    def loading(self, layer: int) -> Iterator[Operation]:
        """Yield the operations that copy a hidden layer's matrices."""
        yield self._copy(self.hidden[0], *self._source.hidden_at(layer))
        if self.filters:
            yield self._copy(self.filters[0], *self._source.filter_at(layer))

    def _copy(self, room: Block, source: Block, place: int) -> Operation:
        # The slot is read when the operation runs, so that all slots share one list of operations:
        # a list for each slot would take as much memory as a step of all trials.
        part = slice(place * source.slab, (place + 1) * source.slab)
        return partial(self._load, room, source, part)

    def _load(self, room: Block, source: Block, part: slice) -> None:
        room.values[0][0].copy_(source.values[0][self._slot, part])
