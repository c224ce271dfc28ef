"""Parameters and optimizer state of a pack, trial by trial and layer by layer in few tensors.

Layers are counted from the output: hidden matrix 0 is the one next to the last matrix. Trials
of any depth then share the layers that they have, and where the deeper trials take the lower
slots, the trials that have a layer are the first few slots of it.
"""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from workers.architectures import architecture_of
from workers.contract import Network
from workers.engines.packed.allocation import allocate, allocate_all
from workers.engines.packed.gains import GainColumns
from workers.estimates.buffers import BlockPlan, StorePlan


class Block:
    """A run of equally shaped layers: each is a matrix, its bias and padding, one after another.

    Attributes:
        shape: Of one matrix, ``(fan_out, fan_in)``.
        count: Layers.
        slab: Numbers of one layer, padding included.
        values: Parameters and then optimizer state, each of shape ``(slots, count * slab)``.
            Padding starts at 0 and means nothing.
    """

    def __init__(self, plan: BlockPlan, device: torch.device) -> None:
        """Make a block of zeros, without optimizer state."""
        self.count, self.slab = plan.count, plan.slab
        self.shape = (plan.fan_out, plan.fan_in)
        self._plan, self._device = plan, device
        self.values: list[Tensor] = []
        self.ensure_kinds(1)

    def blank(self) -> Tensor:
        """Return zeros of the shape of one kind of values."""
        return allocate(self._plan.values, self._device)

    def ensure_kinds(self, kinds: int) -> None:
        """Add optimizer state of zeros until there are as many kinds of values."""
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
    """All blocks of a pack; grows when a deeper trial comes.

    Attributes:
        first: The matrices next to the inputs.
        last: Those next to the outputs.
        hidden: Blocks of hidden matrices, output side first.
        gains: Gains of hidden layers with a skip; None where they are plain.
        block_layers: Layers of each hidden block.
    """

    def __init__(self, plan: StorePlan, device: torch.device) -> None:
        """Make a store without hidden layers."""
        self._plan, self._device = plan, device
        self._kinds = 1
        self.first, self.last = Block(plan.first, device), Block(plan.last, device)
        self.hidden: list[Block] = []
        self.block_layers = plan.block_layers
        columns = allocate_all(plan.gains(), device)
        self.gains = GainColumns(columns) if columns else None

    def ensure(self, depth: int, kinds: int) -> None:
        """Make room for trials of a depth and for kinds of values; what is there stays."""
        self._kinds = max(self._kinds, kinds)
        while len(self.hidden) < self._plan.blocks(depth):
            self.hidden.append(Block(self._plan.hidden, self._device))
        for block in (self.first, self.last, *self.hidden):
            block.ensure_kinds(self._kinds)

    def write_gains(self, networks: Sequence[Network]) -> None:
        """Write the gains of the networks in the first slots, where layers have any."""
        if self.gains is not None:
            self.gains.write([architecture_of(each).hidden_rule(each) for each in networks])

    def parts(self, depth: int) -> Iterator[tuple[Block, int]]:
        """Yield each block that a trial of a depth reaches into, and how many numbers of it."""
        yield self.first, self.first.slab
        yield self.last, self.last.slab
        for i, block in enumerate(self.hidden):
            layers = min(depth - 1 - i * self.block_layers, self.block_layers)
            if layers <= 0:
                return
            yield block, layers * block.slab

    def hidden_at(self, layer: int) -> tuple[Block, int]:
        """Return the block of a hidden layer, and the layer's place in it."""
        block, place = divmod(layer, self.block_layers)
        return self.hidden[block], place

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

    def clear(self, slot: int, depth: int) -> None:
        """Set all values of a slot to 0."""
        for block, length in self.parts(depth):
            for values in block.values:
                values[slot, :length].zero_()

    def move(self, source: int, target: int, depth: int) -> None:
        """Copy a trial from one slot to another."""
        self.put(target, depth, self._views(source, depth))

    def take(self, slot: int, depth: int) -> list[Tensor]:
        """Return copies of all values of a slot."""
        return [view.clone() for view in self._views(slot, depth)]

    def put(self, slot: int, depth: int, values: Sequence[Tensor]) -> None:
        """Write to a slot what `take` returned."""
        for view, value in zip(self._views(slot, depth), values, strict=True):
            view.copy_(value)

    def copy_parameters(self, source: "Store", slot: int, depth: int) -> None:
        """Copy a trial's parameters from another store, of equal blocks, into slot 0."""
        for (block, length), (given, _) in zip(self.parts(depth), source.parts(depth), strict=True):
            block.values[0][0, :length].copy_(given.values[0][slot, :length])

    def _views(self, slot: int, depth: int) -> list[Tensor]:
        return [
            values[slot, :length] for block, length in self.parts(depth) for values in block.values
        ]

    def _layers(self, depth: int) -> Iterator[tuple[Block, int]]:
        yield self.first, 0
        for layer in reversed(range(depth - 1)):
            yield self.hidden_at(layer)
        yield self.last, 0
