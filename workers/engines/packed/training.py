"""The training step of a pack: operations up to the losses, and operations of the update."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.contract import Freeze, TrialSpec
from workers.engines.packed.allocation import allocate_all
from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.backward import backward_operations
from workers.engines.packed.buffers import Activations, Batch
from workers.engines.packed.criterion import Criterion
from workers.engines.packed.forward import forward_operations
from workers.engines.packed.host_device import HostDeviceTensor
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.optimizer import BatchedOptimizer
from workers.engines.packed.pass_context import PassContext
from workers.engines.packed.slot_depths import SlotDepths
from workers.engines.packed.storage import Store
from workers.engines.packed.update_plan import GradientBuffers, UpdatePlan
from workers.engines.samples import Split
from workers.estimates.buffers import optimizer_columns
from workers.estimates.pack_plan import PackPlan


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Operations of a step of the live trials.

    Losses that are not finite are handled between the two parts.

    Attributes:
        to_losses: Operations from sample numbers to losses.
        to_update: Operations from losses to new parameters.
    """

    to_losses: Sequence[Operation]
    to_update: Sequence[Operation]


class Trainer:
    """Buffers of a pack's step, which last while trials come and go."""

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
            store: Parameters and optimizer state.
            arithmetic: Arithmetic of the hidden layers.
            split: Training samples.
            device: Device of the buffers.
        """
        self._shape, self._store, self._arithmetic = plan.shape, store, arithmetic
        self._split = split
        columns = optimizer_columns(plan.shape.optimizer, plan.slots, plan.number)
        self.optimizer = BatchedOptimizer(plan.shape.optimizer, allocate_all(columns, device))
        self._batch = Batch(plan.batch, device)
        self._gathered = allocate_all(plan.batch.gathered(), device).get("gathered", self._batch.x)
        self._indices, self._share = (
            HostDeviceTensor(self._batch.indices),
            HostDeviceTensor(self._batch.share),
        )
        self._criterion = Criterion(plan.batch, self._batch)
        self._activations = Activations(plan.levels, device)
        self._errors = self._activations.errors()
        self._gradients = GradientBuffers(plan, device)

    @property
    def losses(self) -> Tensor:
        """The minibatch losses by slot."""
        return self._criterion.losses

    def set_minibatch(self, slot: int, indices: NDArray[np.int64]) -> None:
        """Write the minibatch of a trial; `send` has to follow.

        A smaller minibatch is padded with its first sample, with a weight of 0 in the loss.
        """
        # All products have the size of a full minibatch, because their rounding depends on it.
        count = len(indices)
        self._indices.array[slot, :count] = indices
        self._indices.array[slot, count:] = indices[0]
        self._share.array[slot, :count] = 1.0 / count
        self._share.array[slot, count:] = 0.0

    def send(self) -> None:
        """Copy the minibatches to the device."""
        self._indices.send()
        self._share.send()

    def program(self, specs: Sequence[TrialSpec]) -> Program:
        """Return the operations of a step of the trials in the first slots, the deepest first."""
        live = len(specs)
        context = PassContext(
            self._store,
            SlotDepths(0, tuple(spec.network.depth for spec in specs)),
            self._activations,
            self._batch,
            self._arithmetic,
            self._shape.batch_rows,
        )
        updates = UpdatePlan(self._store, self._gradients, self.optimizer, specs)
        to_losses = (
            *self._gather(live),
            *forward_operations(context),
            *self._criterion.loss_operations(live),
        )
        to_update = (
            *self._criterion.error_operations(live),
            *backward_operations(
                context,
                self._errors,
                updates,
                through_body=any(spec.training.freeze is Freeze.NONE for spec in specs),
            ),
        )
        return Program(self._arithmetic.joined(to_losses), self._arithmetic.joined(to_update))

    def _gather(self, live: int) -> list[Operation]:
        batch, n_inputs = self._batch, self._shape.n_inputs
        return self._split.gather_operations(
            batch.indices[:live].view(-1),
            self._gathered[:live].view(-1, n_inputs),
            batch.x[:live].view(-1, n_inputs),
            batch.labels[:live].view(-1),
        )
