"""Clipping and updates of a pack's step, block by block."""

import math
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.contract import Freeze, TrialSpec
from workers.engines.packed.allocation import allocate
from workers.engines.packed.host_device import HostDeviceTensor
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.optimizer import BatchedOptimizer, Variant
from workers.engines.packed.slot_depths import runs
from workers.engines.packed.storage import Block, Store
from workers.estimates.pack_plan import PackPlan


class GradientBuffers:
    """Tensors for gradients: shared by the blocks of a shape, or one for each block."""

    def __init__(self, plan: PackPlan, device: torch.device) -> None:
        """Start without tensors; each is allocated when it is first needed."""
        self._plan, self._device = plan, device
        self._own: dict[Hashable, Tensor] = {}
        self._shared: dict[Hashable, Tensor] = {}
        self._scratch: dict[Hashable, Tensor] = {}

    def of(self, block: Block, *, apart: bool) -> Tensor:
        """Return the tensor for a block's gradients; its padding is 0.

        Args:
            block: The block.
            apart: Whether the tensor must not be shared with other blocks.
        """
        if apart:
            return _cached(self._own, id(block), block)
        return _cached(self._shared, (block.shape, block.count), block)

    def exact(self, depth: int) -> Tensor:
        """Return a new float64 tensor for the gradients of any block of a trial of a depth."""
        return allocate(self._plan.exact(depth), self._device)

    def scratch(self, block: Block) -> Tensor:
        """Return a scratch tensor of a block's shape."""
        return _cached(self._scratch, (block.shape, block.count), block)


def _cached(buffers: dict[Hashable, Tensor], key: Hashable, block: Block) -> Tensor:
    if key not in buffers:
        buffers[key] = block.blank()
    return buffers[key]


@dataclass(frozen=True, slots=True, eq=False)
class _Clip:
    """Operation that scales a trial's gradients down to a bound of their joint norm.

    The norm is computed in float64, and gradients that are not finite are not changed, for the
    reasons in `workers.engines.updates.clip_`.
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
    """The `Gradients` of a training step, which update a block as soon as it is complete.

    If any trial clips gradients, all updates follow the last block.
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
            buffers: Buffers for gradients.
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
        # The gradients of the first matrices are computed one by one, between those of hidden
        # blocks. Where the inputs are as many as the units, hidden blocks have the same shape and
        # would overwrite them.
        ends = block is self._store.first or block is self._store.last
        return self._buffers.of(block, apart=self._clips or ends)

    def done(self, block: Block) -> Sequence[Operation]:
        """Return the updates that can follow now."""
        self._waiting.append(block)
        last = block is self._store.first
        if self._clips and not last:
            return []
        clips = list(self._clip_operations()) if self._clips else []
        due, self._waiting = self._waiting, []
        return [*clips, *(op for waiting in due for op in self._update(waiting))]

    def _update(self, block: Block) -> Iterator[Operation]:
        gradient, scratch = self.of(block), self._buffers.scratch(block)
        reach = self._reach[id(block)]  # Trials that use the block are the first ones.
        keys: list[tuple[int, ...]] = [
            (n, self._is_frozen(spec, block), *Variant.of(spec))
            for n, spec in zip(reach, self._specs, strict=False)
        ]
        is_branch = block is not self._store.first and block is not self._store.last
        for (length, frozen, *variant), lo, hi in runs(keys):
            if frozen:
                continue

            def part(tensor: Tensor, lo: int = lo, hi: int = hi, length: int = length) -> Tensor:
                return tensor[lo:hi, :length]

            values = [part(kind) for kind in block.values]
            yield from self._rule.operations(
                values,
                part(gradient),
                part(scratch),
                Variant(*map(bool, variant)),
                lo,
                is_branch=is_branch,
            )

    def _is_frozen(self, spec: TrialSpec, block: Block) -> bool:
        return spec.training.freeze is Freeze.BODY and block is not self._store.last

    def _clip_operations(self) -> Iterator[Operation]:
        for slot, spec in enumerate(self._specs):
            if spec.optimizer.clip_norm is None:
                continue
            parts = [
                self.of(block)[slot, :n]
                for block, n in self._store.parts(spec.network.depth)
                if not self._is_frozen(spec, block)
            ]
            exact = self._buffers.exact(spec.network.depth)
            factor = HostDeviceTensor(parts[0].new_zeros(()))
            yield _Clip(spec.optimizer.clip_norm, parts, exact, exact.new_zeros(()), factor)
