"""The training step of a pack, as two lists of operations around one look at the losses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.contract import TrialSpec
from workers.engines.packed.allocation import allocate_all
from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.backward import backward_operations
from workers.engines.packed.buffers import Activations, Batch
from workers.engines.packed.criterion import Criterion
from workers.engines.packed.forward import forward_operations
from workers.engines.packed.frame import Frame
from workers.engines.packed.host_device import HostDeviceTensor
from workers.engines.packed.nonlinearities import Operation
from workers.engines.packed.optimizer import BatchedOptimizer
from workers.engines.packed.slot_depths import SlotDepths
from workers.engines.packed.storage import Store
from workers.engines.packed.update_plan import GradientBuffers, UpdatePlan
from workers.engines.samples import Split
from workers.estimates.buffers import optimizer_columns
from workers.estimates.pack_plan import PackPlan


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A step of certain live trials.

    Attributes:
        to_losses: From sample numbers to losses.
        to_update: From losses to new parameters.
    """

    to_losses: Sequence[Operation]
    to_update: Sequence[Operation]


class Trainer:
    """Buffers of a pack's step; trials change, they stay."""

    def __init__(
        self,
        plan: PackPlan,
        store: Store,
        arithmetic: Arithmetic,
        split: Split,
        device: torch.device,
    ) -> None:
        """Make the buffers.

        Args:
            plan: Their sizes.
            store: Parameters and optimizer state.
            arithmetic: Of the hidden layers.
            split: Training samples.
            device: Where to compute.
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

    def feed(self, slot: int, indices: NDArray[np.int64]) -> None:
        """Give a trial its minibatch.

        A smaller one is filled up with its first sample, which then has no part in the loss:
        a product's rounding depends on its size, so all are of one.
        """
        count = len(indices)
        self._indices.array[slot, :count] = indices
        self._indices.array[slot, count:] = indices[0]
        self._share.array[slot, :count] = 1.0 / count
        self._share.array[slot, count:] = 0.0

    def send(self) -> None:
        """Bring minibatches to the device."""
        self._indices.send()
        self._share.send()

    def program(self, specs: Sequence[TrialSpec]) -> Program:
        """Return the step of the trials in the first slots, the deepest first."""
        live = len(specs)
        frame = Frame(
            self._store,
            SlotDepths(0, tuple(spec.network.depth for spec in specs)),
            self._activations,
            self._batch,
            self._arithmetic,
            self._shape.batch_rows,
        )
        learning = UpdatePlan(self._store, self._gradients, self.optimizer, specs)
        to_losses = (
            *self._gather(live),
            *forward_operations(frame),
            *self._criterion.loss_operations(live),
        )
        to_update = (
            *self._criterion.error_operations(live),
            *backward_operations(frame, self._errors, learning),
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
