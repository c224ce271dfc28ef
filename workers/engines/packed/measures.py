"""Full passes and gradient norms of a single trial of a pack.

A trial is measured alone, so that the results cannot depend on the other trials.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from workers.contract import Network, Task
from workers.engines.gradients import log_norm
from workers.engines.interface import GradientNorms, SplitResult
from workers.engines.objective import count_errors, summed_loss
from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.backward import backward_operations
from workers.engines.packed.buffers import Activations, Batch
from workers.engines.packed.criterion import Criterion
from workers.engines.packed.forward import forward_operations
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.pass_context import PassContext
from workers.engines.packed.slot_depths import SlotDepths
from workers.engines.packed.storage import Block, Store, StreamedStore
from workers.engines.samples import Split
from workers.estimates.pack_plan import PackPlan


class FullPasses:
    """Losses and errors over a split, computed in the chunks that every engine uses."""

    def __init__(
        self, plan: PackPlan, store: Store, arithmetic: Arithmetic, device: torch.device
    ) -> None:
        """Allocate the buffers.

        Args:
            plan: Sizes of the buffers.
            store: Parameters of the pack.
            arithmetic: Arithmetic of the hidden layers.
            device: Device of the buffers.
        """
        self._task, self._store, self._arithmetic = plan.shape.task, store, arithmetic
        self._batch = Batch(plan.pass_batch, device)
        self._activations = Activations(plan.pass_levels, device)
        self._programs: dict[tuple[int, int, int], Sequence[Operation]] = {}

    def clear(self) -> None:
        """Delete the cached operations, after trials have changed their slots."""
        self._programs.clear()

    def run(self, slot: int, depth: int, split: Split) -> SplitResult:
        """Return loss and error of the trial in a slot over a split."""
        loss, wrong = 0.0, 0
        for rows, labels in split.chunks_into(self._batch.x[0]):
            for operation in self._program(slot, depth, rows):
                operation()
            outputs = self._batch.outputs[0, :, :rows].T
            if self._task is Task.CLASSIFY and labels is not None:
                loss += summed_loss(self._task, outputs, labels).item()
                wrong += int(count_errors(outputs, labels).item())
            else:
                loss += summed_loss(self._task, outputs, self._batch.x[0, :rows]).item()
        error = wrong / len(split) if self._task is Task.CLASSIFY else None
        return SplitResult(loss / len(split), error)

    def _program(self, slot: int, depth: int, rows: int) -> Sequence[Operation]:
        key = (slot, depth, rows)
        if key not in self._programs:
            context = PassContext(
                self._store,
                SlotDepths(slot, (depth,)),
                self._activations,
                self._batch,
                self._arithmetic,
                rows,
            )
            self._programs[key] = self._arithmetic.joined(forward_operations(context))
        return self._programs[key]


class _EndGradients:
    """The `Gradients` of a probe: only those of the first and the last matrix."""

    def __init__(self, store: Store) -> None:
        self._tensors = {id(block): block.blank() for block in (store.first, store.last)}

    def of(self, block: Block) -> Tensor | None:
        return self._tensors.get(id(block))

    def done(self, block: Block) -> Sequence[Operation]:
        return ()


class Probe:
    """Gradient norms of the first and last matrix, in float64, on the first training samples."""

    def __init__(
        self,
        plan: PackPlan,
        store: Store,
        arithmetic: Arithmetic,
        split: Split,
        device: torch.device,
    ) -> None:
        """Allocate the buffers.

        Args:
            plan: Sizes of the buffers.
            store: Parameters of the pack.
            arithmetic: Arithmetic of the hidden layers, in float64.
            split: Training samples.
            device: Device of the buffers.
        """
        self._arithmetic, self._rows = arithmetic, plan.shape.batch_rows
        self._store = StreamedStore(plan.probe_store, store, device)
        self._gradients = _EndGradients(self._store)
        self._batch = Batch(plan.probe_batch, device)
        x, labels = split.head(self._rows, torch.float64)
        self._batch.x[0, : self._rows].copy_(x)
        if labels is not None:
            self._batch.labels[0, : self._rows].copy_(labels)
        self._batch.share[0, : self._rows] = 1.0 / self._rows
        self._criterion = Criterion(plan.probe_batch, self._batch)
        self._activations = Activations(plan.probe_levels, device)
        self._errors = self._activations.errors()
        self._programs: dict[int, Sequence[Operation]] = {}

    def run(self, slot: int, network: Network) -> GradientNorms:
        """Return the gradient norms of the trial in a slot."""
        depth = network.depth
        self._store.open(slot, depth)
        self._store.write_gains([network])
        if depth not in self._programs:
            self._programs[depth] = self._arithmetic.joined(self._operations(depth))
        for operation in self._programs[depth]:
            operation()
        first, last = (self._gradient(block) for block in (self._store.first, self._store.last))
        return GradientNorms(log_norm(first), log_norm(last))

    def _operations(self, depth: int) -> list[Operation]:
        context = PassContext(
            self._store,
            SlotDepths(0, (depth,)),
            self._activations,
            self._batch,
            self._arithmetic,
            self._rows,
        )
        return [
            *forward_operations(context),
            *self._criterion.loss_operations(1),
            *self._criterion.error_operations(1),
            *backward_operations(context, self._errors, self._gradients),
        ]

    def _gradient(self, block: Block) -> Tensor:
        values = self._gradients.of(block)
        assert values is not None
        return block.weight(values, 0, 0, 1)[0]
