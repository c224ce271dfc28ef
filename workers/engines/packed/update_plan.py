"""What becomes of the gradients of a pack's step: clipping and updates, block by block."""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.contract import TrialSpec
from workers.engines.packed.allocation import allocate
from workers.engines.packed.host_device import HostDeviceTensor
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.optimizer import BatchedOptimizer, Variant
from workers.engines.packed.slot_depths import runs
from workers.engines.packed.storage import Block, Store
from workers.estimates.pack_plan import PackPlan


class GradientBuffers:
    """Tensors for gradients: one for blocks of a shape in turn, or one for each block."""

    def __init__(self, plan: PackPlan, device: torch.device) -> None:
        """Make none yet."""
        self._plan, self._device = plan, device
        self._own: dict[Hashable, Tensor] = {}
        self._shared: dict[Hashable, Tensor] = {}
        self._scratch: dict[Hashable, Tensor] = {}

    def of(self, block: Block, *, apart: bool) -> Tensor:
        """Return a block's gradients; padding is 0.

        Args:
            block: The block.
            apart: Whether no other block may share the memory.
        """
        if apart:
            return _made(self._own, id(block), block)
        return _made(self._shared, (block.shape, block.count), block)

    def exact(self, depth: int) -> Tensor:
        """Return new room for any one block's gradients in float64, of a trial of a depth."""
        return allocate(self._plan.exact(depth), self._device)

    def scratch(self, block: Block) -> Tensor:
        """Return a tensor of a block's shape for an update to overwrite."""
        return _made(self._scratch, (block.shape, block.count), block)


def _made(buffers: dict[Hashable, Tensor], key: Hashable, block: Block) -> Tensor:
    if key not in buffers:
        buffers[key] = block.blank()
    return buffers[key]


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """A trial's gradients, to be brought within a joint norm.

    The norm is taken in float64, and gradients that are not finite are left alone, for the
    reasons that `workers.engines.updates.clip_` gives.
    """

    bound: float
    parts: Sequence[Tensor]
    exact: Tensor
    square: Tensor
    factor: HostDeviceTensor

    def __call__(self) -> None:
        total = 0.0
        for part in self.parts:
            exact = self.exact[: len(part)]
            exact.copy_(part)
            torch.mul(exact, exact, out=exact)
            torch.sum(exact, 0, out=self.square)
            total += self.square.item()
        norm = math.sqrt(total)
        if math.isfinite(norm) and norm > self.bound:
            self.factor.array[()] = self.bound / norm
            self.factor.send()
            for part in self.parts:
                part.mul_(self.factor.tensor)


class UpdatePlan:
    """The `Gradients` of a training step: an update follows as soon as a block is done.

    Where a trial clips, all updates wait for the last block.
    """

    def __init__(
        self,
        store: Store,
        buffers: GradientBuffers,
        rule: BatchedOptimizer,
        specs: Sequence[TrialSpec],
    ) -> None:
        """Plan the updates.

        Args:
            store: Parameters and state.
            buffers: For gradients.
            rule: The optimizer.
            specs: The live trials, the deepest first.
        """
        self._store, self._buffers, self._rule, self._specs = store, buffers, rule, specs
        self._clips = any(spec.optimizer.clip_norm is not None for spec in specs)
        self._waiting: list[Block] = []
        self._reach: dict[int, list[int]] = {}
        for spec in specs:
            for block, length in store.parts(spec.network.depth):
                self._reach.setdefault(id(block), []).append(length)

    def of(self, block: Block) -> Tensor:
        """Return the tensor for a block's gradients."""
        # The first matrices' gradients come one by one as shallower trials start, between those
        # of hidden blocks, which have the same shape where the inputs are as many as the units.
        ends = block is self._store.first or block is self._store.last
        return self._buffers.of(block, apart=self._clips or ends)

    def done(self, block: Block) -> Sequence[Operation]:
        """Return the updates that are due."""
        self._waiting.append(block)
        last = block is self._store.first
        if self._clips and not last:
            return []
        clips = list(self._clip_operations()) if self._clips else []
        due, self._waiting = self._waiting, []
        return [*clips, *(op for waiting in due for op in self._update(waiting))]

    def _update(self, block: Block) -> Iterator[Operation]:
        gradient, scratch = self.of(block), self._buffers.scratch(block)
        reach = self._reach[id(block)]  # The trials that have the block are the first ones.
        keys: list[tuple[int, ...]] = [
            (n, *Variant.of(spec)) for n, spec in zip(reach, self._specs, strict=False)
        ]
        for (length, *variant), lo, hi in runs(keys):

            def part(tensor: Tensor, lo: int = lo, hi: int = hi, length: int = length) -> Tensor:
                return tensor[lo:hi, :length]

            values = [part(kind) for kind in block.values]
            yield from self._rule.operations(
                values, part(gradient), part(scratch), Variant(*map(bool, variant)), lo
            )

    def _clip_operations(self) -> Iterator[Operation]:
        for slot, spec in enumerate(self._specs):
            if spec.optimizer.clip_norm is None:
                continue
            parts = [self.of(block)[slot, :n] for block, n in self._store.parts(spec.network.depth)]
            exact = self._buffers.exact(spec.network.depth)
            factor = HostDeviceTensor(parts[0].new_zeros(()))
            yield _Clip(spec.optimizer.clip_norm, parts, exact, exact.new_zeros(()), factor)
