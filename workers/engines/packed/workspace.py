"""Everything that a pack allocates, made for its shape and grown for its deepest trial."""

from collections.abc import Sequence

import torch

from workers.contract import DatasetShape, Network, TrialSpec
from workers.engines.dtypes import DTYPES
from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.arithmetic_selection import arithmetic_for
from workers.engines.packed.buffers import Keep, keep_all, keep_segments
from workers.engines.packed.measures import FullPasses, Probe
from workers.engines.packed.nonlinearities import nonlinearity
from workers.engines.packed.storage import Store
from workers.engines.packed.training import Trainer
from workers.engines.samples import Split
from workers.engines.states import state_kinds
from workers.estimates import TrialShape, pack_memory
from workers.estimates.pack_shape import PackShape
from workers.estimates.sizes import CHUNK, segment_length


class Workspace:
    """Parameters, buffers and passes of a pack.

    Attributes:
        shape: What its trials share.
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
        evaluation: Split,
        slots: int,
        device: torch.device,
        memory_bytes: int,
    ) -> None:
        """Make it, without room for any hidden matrix.

        Args:
            shape: What the trials share.
            dataset: Sizes of the data set.
            train: Training samples.
            evaluation: Test samples.
            slots: Trials at once.
            device: Where to compute.
            memory_bytes: A pack that would take more computes activations again.
        """
        self.shape, self._dataset = shape, dataset
        self._train, self._slots, self._device = train, slots, device
        self._memory_bytes = memory_bytes
        dtype = DTYPES[shape.precision]
        self._like = torch.zeros((), dtype=dtype, device=device)
        self._arithmetic = self._arithmetic_in(dtype)
        self.store = Store(shape, slots, self._like)
        rows = min(CHUNK, max(len(train), len(evaluation)))
        self.passes = FullPasses(shape, self.store, self._arithmetic, rows, self._like)
        self._segmented = False
        self._use(keep_all)

    def ensure(self, spec: TrialSpec) -> None:
        """Make room for a trial; what is there stays."""
        self.store.ensure(spec.network.depth, len(state_kinds(spec)))
        if not self._segmented and self._bytes_to_keep_all(spec) > self._memory_bytes:
            self._segmented = True
            self._use(keep_segments(segment_length(spec.network.depth)))

    def arrange(self, networks: Sequence[Network]) -> None:
        """Take note of which networks are in the first slots now."""
        self.store.write_gains(networks)
        self.passes.forget()

    def _use(self, keep: Keep) -> None:
        self.trainer = Trainer(
            self.shape,
            self.store,
            self._arithmetic,
            self._train,
            keep,
            self._slots,
            self._like,
        )
        self.probe = Probe(
            self.shape,
            self.store,
            self._arithmetic_in(torch.float64),
            self._train,
            keep,
            self._device,
        )

    def _arithmetic_in(self, dtype: torch.dtype) -> Arithmetic:
        hidden = nonlinearity(self.shape.activation, self.shape.slope)
        like = torch.zeros((), dtype=dtype, device=self._device)
        return arithmetic_for(hidden, self.shape.width, self.shape.n_inputs, like)

    def _bytes_to_keep_all(self, spec: TrialSpec) -> int:
        trial = TrialShape.of(spec.configuration)
        return pack_memory([trial], self._dataset, self._slots, recomputes=False).total
