"""All buffers of a pack by purpose: allocated by the engine, counted by the memory model."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from workers.contract import DatasetShape
from workers.estimates.buffers import (
    BatchPlan,
    Buffer,
    Buffers,
    LevelPlan,
    Number,
    StorePlan,
    optimizer_columns,
    transposed,
)
from workers.estimates.kept_levels import Keep, KeepTwo
from workers.estimates.pack_shape import PackShape
from workers.estimates.sizes import CHUNK, WIDEST, block_layers


class Purpose(StrEnum):
    """Purpose of buffers."""

    PARAMETERS = "parameters"
    GRADIENTS = "gradients"
    TRANSPOSES = "transposes"
    ACTIVATIONS = "activations"
    BATCHES = "batches"
    PASSES = "passes"
    PROBE = "probe"
    CONSTANTS = "constants"  # A few numbers for each slot; the memory model leaves them out.


@dataclass(frozen=True, slots=True)
class PackPlan:
    """Sizes of all buffers of a pack's engine.

    Attributes:
        shape: Shape that the trials share.
        chunk_rows: Samples of the largest chunk of a full pass.
        slots: Trials at once.
        keep: Rule of which activations stay until the backward pass.
    """

    shape: PackShape
    chunk_rows: int
    slots: int
    keep: Keep

    @classmethod
    def of(cls, shape: PackShape, dataset: DatasetShape, slots: int, keep: Keep) -> "PackPlan":
        """Return the plan for trials of a shape on a data set."""
        return cls(shape, min(CHUNK, max(dataset.n_train, dataset.n_eval)), slots, keep)

    @property
    def number(self) -> Number:
        """Type of the numbers of a training step."""
        return Number.of(self.shape.precision)

    @property
    def store(self) -> StorePlan:
        """Sizes of the parameters."""
        layers = block_layers(self.shape.width, self.slots, self.number.bytes)
        return StorePlan(self.shape, self.slots, self.number, layers)

    @property
    def levels(self) -> LevelPlan:
        """Sizes of the hidden layers in a training step."""
        return LevelPlan(self.shape, self.slots, self.shape.batch_rows, self.number, self.keep)

    @property
    def batch(self) -> BatchPlan:
        """Sizes of the minibatches of a training step."""
        return BatchPlan(self.shape, self.slots, self.shape.batch_rows, self.number)

    @property
    def pass_levels(self) -> LevelPlan:
        """Sizes of the hidden layers in a full pass."""
        return LevelPlan(self.shape, 1, self.chunk_rows, self.number, KeepTwo())

    @property
    def pass_batch(self) -> BatchPlan:
        """Sizes of a chunk of a full pass."""
        return BatchPlan(self.shape, 1, self.chunk_rows, self.number)

    @property
    def probe_store(self) -> StorePlan:
        """Sizes of one trial's parameters in float64, with hidden layers one by one."""
        return StorePlan(self.shape, 1, Number.FLOAT64, 1)

    @property
    def probe_levels(self) -> LevelPlan:
        """Sizes of the hidden layers in a probe."""
        return LevelPlan(self.shape, 1, self.shape.batch_rows, Number.FLOAT64, self.keep)

    @property
    def probe_batch(self) -> BatchPlan:
        """Sizes of the batch of a probe."""
        return BatchPlan(self.shape, 1, self.shape.batch_rows, Number.FLOAT64)

    def gradients(self, depth: int, clipping: int) -> Buffers:
        """Return the buffers of gradients and the scratch buffers of updates.

        Args:
            depth: Hidden layers of the deepest trial.
            clipping: Number of trials that clip gradients. If any does, the gradients of all
                blocks are needed at once; otherwise those of one block.
        """
        store = self.store
        blocks = store.blocks(depth)
        ends = {name: each.values for name, each in (("first", store.first), ("last", store.last))}
        hidden = store.hidden.values.times(blocks if clipping else min(blocks, 1))
        plans = {store.first, store.last, *([store.hidden] if blocks else [])}
        # Blocks of one shape are updated in turn and share a scratch buffer.
        scratch = {
            f"scratch {each.fan_out} {each.fan_in} {each.count}": each.values for each in plans
        }
        exact = self.exact(depth).times(min(clipping, self.slots))
        return {**ends, "hidden": hidden, **scratch, "exact": exact}

    def exact(self, depth: int) -> Buffer:
        """Return the float64 copy of one block's gradients, of one trial that clips."""
        store = self.store
        layers = min(store.block_layers, depth - 1)
        largest = max(store.first.slab, store.last.slab, layers * store.hidden.slab)
        return Buffer((largest,), Number.FLOAT64)

    def transposes(self) -> Buffers:
        """Return the buffers for a transposed matrix, in the precisions of steps and of probes."""
        if self.shape.width > WIDEST:
            return {}
        width, n_inputs = self.shape.width, self.shape.n_inputs
        return {
            name: transposed(width, n_inputs, number)
            for name, number in (("steps", self.number), ("probe", Number.FLOAT64))
        }

    def probe(self, depth: int) -> Buffers:
        """Return the buffers of a probe for networks of a depth."""
        store, levels, batch = self.probe_store, self.probe_levels, self.probe_batch
        ends = {f"gradient {end}": store.values(depth)[end] for end in ("first", "last")}
        return {
            # One hidden layer at a time is copied to float64.
            **store.values(min(depth, 2)),
            **store.fixed(min(depth, 2)),
            **ends,
            **levels.activations(depth),
            **levels.errors(),
            **_prefixed("batch", batch.batch()),
            **batch.criterion(),
        }

    def constants(self) -> Buffers:
        """Return the small buffers: a few numbers for each slot."""
        parts = {
            "optimizer": optimizer_columns(self.shape.optimizer, self.slots, self.number),
            "gains": self.store.gains(),
            "probe gains": self.probe_store.gains(),
            "losses": self.batch.losses(),
            "probe losses": self.probe_batch.losses(),
        }
        return {name: each for part in parts for name, each in _prefixed(part, parts[part]).items()}

    def buffers(self, depth: int, kinds: int, clipping: int) -> Mapping[Purpose, Buffers]:
        """Return all buffers of a pack whose slots are all taken.

        Args:
            depth: Hidden layers of the deepest trial.
            kinds: Numbers stored for each parameter: its value, and optimizer state.
            clipping: Number of trials that clip gradients.
        """
        values, batch = self.store.values(depth), self.batch
        return {
            Purpose.PARAMETERS: {
                **{name: each.times(kinds) for name, each in values.items()},
                **self.store.fixed(depth),
            },
            Purpose.GRADIENTS: self.gradients(depth, clipping),
            Purpose.TRANSPOSES: self.transposes(),
            Purpose.ACTIVATIONS: {**self.levels.activations(depth), **self.levels.errors()},
            Purpose.BATCHES: {**batch.batch(), **batch.gathered(), **batch.criterion()},
            Purpose.PASSES: {
                **_prefixed("batch", self.pass_batch.batch()),
                **self.pass_levels.activations(depth),
            },
            Purpose.PROBE: self.probe(depth),
            Purpose.CONSTANTS: self.constants(),
        }


def _prefixed(prefix: str, buffers: Buffers) -> Buffers:
    return {f"{prefix} {name}": each for name, each in buffers.items()}
