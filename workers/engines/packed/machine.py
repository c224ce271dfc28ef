"""Everything that a pack allocates, made for its shape and grown for its deepest trial."""

import torch

from workers.contract import TrialSpec
from workers.engines.packed.buffers import Keep, keep_all, keep_segments, segment_length
from workers.engines.packed.layout import PackShape, padded_rows
from workers.engines.packed.measures import FullPasses, Probe
from workers.engines.packed.nonlinearities import nonlinearity
from workers.engines.packed.storage import Store
from workers.engines.packed.training import Trainer
from workers.engines.samples import CHUNK, Split
from workers.engines.states import state_kinds


class Machine:
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
        train: Split,
        evaluation: Split,
        slots: int,
        device: torch.device,
        activation_bytes: int,
    ) -> None:
        """Make it, without room for any hidden matrix.

        Args:
            shape: What the trials share.
            train: Training samples.
            evaluation: Test samples.
            slots: Trials at once.
            device: Where to compute.
            activation_bytes: Above this, activations are computed again, not kept.
        """
        self.shape = shape
        self._train, self._slots, self._device = train, slots, device
        self._activation_bytes = activation_bytes
        self._nonlinearity = nonlinearity(shape.activation, shape.slope)
        self._like = torch.zeros((), dtype=shape.dtype, device=device)
        self.store = Store(shape, slots, self._like)
        rows = min(CHUNK, max(len(train), len(evaluation)))
        self.passes = FullPasses(shape, self.store, self._nonlinearity, rows, self._like)
        self._segmented = False
        self._use(keep_all)

    def ensure(self, spec: TrialSpec) -> None:
        """Make room for a trial; what is there stays."""
        self.store.ensure(spec.depth, len(state_kinds(spec)))
        if not self._segmented and self._bytes_to_keep_all(spec.depth) > self._activation_bytes:
            self._segmented = True
            self._use(keep_segments(segment_length(spec.depth)))

    def _use(self, keep: Keep) -> None:
        self.trainer = Trainer(
            self.shape,
            self.store,
            self._nonlinearity,
            self._train,
            keep,
            self._slots,
            self._like,
        )
        self.probe = Probe(
            self.shape, self.store, self._nonlinearity, self._train, keep, self._device
        )

    def _bytes_to_keep_all(self, depth: int) -> int:
        level = padded_rows(self.shape.batch_rows, self.shape.width) * self.shape.width
        buffers = 2 if self._nonlinearity.keeps_input else 1
        return depth * buffers * self._slots * level * self._like.element_size()
