"""Parameters and optimizer state of all trials of a pack, in few tensors.

Hidden layers are counted from the output: hidden matrix 0 is next to the last matrix. Because the
deeper trials are in the lower slots, the trials that have a certain hidden layer are always in the
first slots, and one batched product computes them.
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
        gains: Gains of hidden layers with a skip; None if they have no skip.
        block_layers: Layers of each hidden block.
    """

    def __init__(self, plan: StorePlan, device: torch.device) -> None:
        """Allocate the first and the last layers."""
        self._plan, self._device = plan, device
        self._kinds = 1
        self.first, self.last = Block(plan.first, device), Block(plan.last, device)
        self.hidden: list[Block] = []
        self.block_layers = plan.block_layers
        columns = allocate_all(plan.gains(), device)
        self.gains = GainColumns(columns) if columns else None

    def ensure(self, depth: int, kinds: int) -> None:
        """Add blocks and kinds of values for trials of a depth; present values are not changed."""
        self._kinds = max(self._kinds, kinds)
        while len(self.hidden) < self._plan.blocks(depth):
            self.hidden.append(Block(self._plan.hidden, self._device))
        for block in (self.first, self.last, *self.hidden):
            block.ensure_kinds(self._kinds)

    def write_gains(self, networks: Sequence[Network]) -> None:
        """Write the gains of the networks in the first slots; does nothing without skips."""
        if self.gains is not None:
            self.gains.write([architecture_of(each).hidden_rule(each) for each in networks])

    def parts(self, depth: int) -> Iterator[tuple[Block, int]]:
        """Yield each block that a trial of a depth uses, and how many of its numbers."""
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
        """Return copies of all values of the trial in a slot."""
        return [view.clone() for view in self._views(slot, depth)]

    def put(self, slot: int, depth: int, values: Sequence[Tensor]) -> None:
        """Write values as `take` returns them to a slot."""
        for view, value in zip(self._views(slot, depth), values, strict=True):
            view.copy_(value)

    def copy_parameters(self, source: "Store", slot: int, depth: int) -> None:
        """Copy a trial's parameters from a slot of another store with equal blocks to slot 0."""
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
