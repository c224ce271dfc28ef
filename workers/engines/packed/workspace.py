"""All memory of a pack: allocated for its shape, and grown for its deepest trial."""

from collections.abc import Sequence
from dataclasses import replace

import torch

from workers.contract import DatasetShape, Network, TrialSpec
from workers.engines.dtypes import DTYPES
from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.arithmetic_selection import arithmetic_for
from workers.engines.packed.measures import FullPasses, Probe
from workers.engines.packed.nonlinearities import nonlinearity
from workers.engines.packed.storage import Store
from workers.engines.packed.training import Trainer
from workers.engines.samples import Split
from workers.engines.states import state_kinds
from workers.estimates import TrialShape, pack_memory
from workers.estimates.kept_levels import KeepAll, kept_levels
from workers.estimates.pack_plan import PackPlan
from workers.estimates.pack_shape import PackShape


class Workspace:
    """Parameters, buffers and passes of a pack.

    Attributes:
        shape: Shape that the trials share.
        store: Parameters and optimizer state.
        trainer: The training step.
        passes: Full passes.
        probe: Gradient norms.
    """

    def __init__(
        self,
        shape: PackShape,
        dataset: DatasetShape,
        train: Split,
        slots: int,
        device: torch.device,
        memory_bytes: int,
    ) -> None:
        """Allocate everything except hidden matrices.

        Args:
            shape: Shape that the trials share.
            dataset: Sizes of the data set.
            train: Training samples.
            slots: Trials at once.
            device: Device of all tensors.
            memory_bytes: Memory for the pack. If it would take more, activations are computed again
                in the backward pass.
        """
        self.shape, self._dataset, self._train = shape, dataset, train
        self._device, self._memory_bytes = device, memory_bytes
        self._plan = PackPlan.of(shape, dataset, slots, KeepAll())
        self._arithmetic = self._arithmetic_in(DTYPES[shape.precision])
        self.store = Store(self._plan.store, device)
        self.passes = FullPasses(self._plan, self.store, self._arithmetic, device)
        self._recomputes = False
        self._allocate_passes(self._plan)

    def ensure(self, spec: TrialSpec) -> None:
        """Allocate memory for a trial; the values of other trials are not changed."""
        self.store.ensure(spec.network.depth, len(state_kinds(spec)))
        if not self._recomputes and self._bytes_to_keep_all(spec) > self._memory_bytes:
            # Done once: the segments suit the first trial that is too large, and stay correct, if
            # not optimal, for a deeper one.
            self._recomputes = True
            keep = kept_levels(spec.network.depth, recomputes=True)
            self._allocate_passes(replace(self._plan, keep=keep))

    def set_networks(self, networks: Sequence[Network]) -> None:
        """Update gains and cached operations for the networks that are in the first slots now."""
        self.store.write_gains(networks)
        self.passes.clear()

    def _allocate_passes(self, plan: PackPlan) -> None:
        """Allocate the buffers of steps and probes, in place of the earlier ones."""
        self._plan = plan
        self.trainer = Trainer(plan, self.store, self._arithmetic, self._train, self._device)
        exact = self._arithmetic_in(torch.float64)
        self.probe = Probe(plan, self.store, exact, self._train, self._device)

    def _arithmetic_in(self, dtype: torch.dtype) -> Arithmetic:
        hidden = nonlinearity(self.shape.activation, self.shape.slope)
        like = torch.zeros((), dtype=dtype, device=self._device)
        return arithmetic_for(hidden, self.shape.width, self.shape.n_inputs, like)

    def _bytes_to_keep_all(self, spec: TrialSpec) -> int:
        trial = TrialShape.of(spec.configuration)
        return pack_memory([trial], self._dataset, self._plan.slots, recomputes=False).total
