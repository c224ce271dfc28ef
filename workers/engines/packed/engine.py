"""The engine that trains many networks as one."""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import torch

from workers.contract import EngineName, TrialSpec
from workers.datasets import Data
from workers.engines.checks import check_trial
from workers.engines.devices import fixed_arithmetic
from workers.engines.initial_draws import draw_weights_
from workers.engines.interface import (
    Evaluation,
    GradientNorms,
    StepInput,
    TrialState,
    UnsupportedTrialError,
)
from workers.engines.packed.optimizer import Variant
from workers.engines.packed.training import Program
from workers.engines.packed.workspace import Workspace
from workers.engines.samples import Split
from workers.engines.states import (
    by_group,
    check_state,
    fill_,
    kind_arrays,
    state_kinds,
    trained_groups,
)
from workers.errors import WorkersError
from workers.estimates.capacity import MEMORY_BYTES
from workers.estimates.pack_shape import PackShape


class PackFullError(WorkersError):
    """A trial was added to a pack of which every slot is taken."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.slots = slots

    def __str__(self) -> str:
        return f"all {self.slots} slots are taken"


@dataclass(slots=True, eq=False)
class _Live:
    """A trial in a slot.

    Attributes:
        spec: The trial.
        steps: Optimizer steps taken.
    """

    spec: TrialSpec
    steps: int = 0

    @property
    def rank(self) -> tuple[object, ...]:
        """What slots are ordered by: depth for the passes, the rest for long runs of updates."""
        return (-self.spec.network.depth, *Variant.of(self.spec))


@contextmanager
def _computing() -> Iterator[None]:
    with fixed_arithmetic(), torch.inference_mode():
        yield


class PackedEngine:
    """Trains up to ``slots`` trials of one `PackShape` at once; see `Engine`.

    The first trial decides the shape. Slots are ordered by depth, the deepest first, so the
    trials that have a layer are the first few; trials that leave or join move their neighbours'
    numbers, and nothing else happens to these.
    """

    def __init__(
        self,
        data: Data,
        device: torch.device,
        *,
        slots: int,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        """Make an empty pack.

        Args:
            data: The trials' data set.
            device: Where to compute.
            slots: Trials at once, at least 1.
            memory_bytes: A pack that would take more computes activations again in the backward
                pass instead of keeping them. It changes no result.
        """
        self._slots = slots
        self._dataset, self._device = data.shape, device
        self._memory_bytes = memory_bytes
        self._train = Split(data.train_x, data.train_y, device)
        self._eval = Split(data.eval_x, data.eval_y, device)
        self._live: list[_Live] = []
        self._workspace: Workspace | None = None
        self._program: Program | None = None

    @property
    def slots(self) -> int:
        """How many trials fit at once."""
        return self._slots

    def accepts(self, spec: TrialSpec) -> bool:
        """Whether a trial fits beside the others, given a free slot."""
        shape = PackShape.of(spec, self._dataset)
        return self._workspace is None or self._workspace.shape == shape

    @_computing()
    def add(self, spec: TrialSpec) -> None:
        """Take up a trial with its initial network."""
        workspace, slot = self._join(spec)
        groups = trained_groups(spec, self._dataset)
        weights = by_group(groups, workspace.store.weights(0, slot, spec.network.depth))
        draw_weights_(groups, weights, spec.init, spec.seed)

    @_computing()
    def step(self, inputs: Mapping[UUID, StepInput]) -> Mapping[UUID, float]:
        """Take one optimizer step in each of the named trials."""
        named = {self._slot(key): given for key, given in inputs.items()}
        if not named:
            return {}
        trainer = self._running().trainer
        if self._program is None:
            self._program = trainer.program([live.spec for live in self._live])
        for slot, given in named.items():
            trainer.feed(slot, given.indices)
        trainer.send()
        for operation in self._program.to_losses:
            operation()
        losses: list[float] = trainer.losses.tolist()
        finite = {slot: named[slot] for slot in named if math.isfinite(losses[slot])}
        if finite:
            self._update(self._program, finite)
        return {key: losses[slot] for key, slot in zip(inputs, named, strict=True)}

    @_computing()
    def evaluate(self, trial_id: UUID) -> Evaluation:
        """Return loss and error of full passes over both splits."""
        slot = self._slot(trial_id)
        passes, depth = self._running().passes, self._live[slot].spec.network.depth
        return Evaluation(passes.run(slot, depth, self._train), passes.run(slot, depth, self._eval))

    @_computing()
    def probe(self, trial_id: UUID) -> GradientNorms:
        """Return the log gradient norms, computed in float64 whatever the trial's precision."""
        slot = self._slot(trial_id)
        return self._running().probe.run(slot, self._live[slot].spec.network)

    @_computing()
    def save(self, trial_id: UUID) -> TrialState:
        """Return a copy of everything that a trial's further steps depend on."""
        slot = self._slot(trial_id)
        live, store = self._live[slot], self._running().store
        groups, depth = trained_groups(live.spec, self._dataset), live.spec.network.depth
        arrays = [
            kind_arrays(
                kind,
                by_group(groups, store.weights(i, slot, depth)),
                by_group(groups, store.biases(i, slot, depth)),
            )
            for i, kind in enumerate(state_kinds(live.spec))
        ]
        return TrialState(live.steps, {name: a for part in arrays for name, a in part.items()})

    @_computing()
    def restore(self, spec: TrialSpec, state: TrialState) -> None:
        """Take up a trial where `save` left it."""
        check_state(spec, self._dataset, state)
        workspace, slot = self._join(spec)
        self._live[slot].steps = state.steps
        groups, depth = trained_groups(spec, self._dataset), spec.network.depth
        for i, kind in enumerate(state_kinds(spec)):
            fill_(
                kind,
                by_group(groups, workspace.store.weights(i, slot, depth)),
                by_group(groups, workspace.store.biases(i, slot, depth)),
                state,
            )

    @_computing()
    def drop(self, trial_id: UUID) -> None:
        """Forget a trial; the trials after it move up."""
        self._remove(trial_id)

    def _remove(self, trial_id: UUID) -> None:
        slots = [i for i, live in enumerate(self._live) if live.spec.trial_id == trial_id]
        for slot in slots:
            store = self._running().store
            for later in range(slot + 1, len(self._live)):
                store.move(later, later - 1, self._live[later].spec.network.depth)
            del self._live[slot]
            self._rearranged()

    def _join(self, spec: TrialSpec) -> tuple[Workspace, int]:
        """Clear a slot for a trial, in the order of the ranks; the trial anew if it is here."""
        check_trial(spec, self._dataset, EngineName.PACKED)
        self._remove(spec.trial_id)
        if len(self._live) == self._slots:
            raise PackFullError(self._slots)
        workspace = self._workspace_for(spec)
        live = _Live(spec)
        slot = bisect_right([other.rank for other in self._live], live.rank)
        for later in reversed(range(slot, len(self._live))):
            workspace.store.move(later, later + 1, self._live[later].spec.network.depth)
        workspace.store.clear(slot, spec.network.depth)
        self._live.insert(slot, live)
        self._rearranged()
        return workspace, slot

    def _workspace_for(self, spec: TrialSpec) -> Workspace:
        shape = PackShape.of(spec, self._dataset)
        if self._workspace is None:
            self._workspace = Workspace(
                shape,
                self._dataset,
                self._train,
                self._slots,
                self._device,
                self._memory_bytes,
            )
        differing = self._workspace.shape.differences(shape)
        if differing:
            allowed = f"that of the pack, {getattr(self._workspace.shape, differing[0])!r}"
            raise UnsupportedTrialError(differing[0], getattr(shape, differing[0]), allowed)
        self._workspace.ensure(spec)
        return self._workspace

    def _update(self, program: Program, named: Mapping[int, StepInput]) -> None:
        """Update the named slots and no other: a pack's buffers are computed whole."""
        workspace = self._running()
        kept = {
            slot: workspace.store.take(slot, live.spec.network.depth)
            for slot, live in enumerate(self._live)
            if slot not in named
        }
        # A rate that float32 cannot hold becomes infinite, and the trial diverges.
        with np.errstate(over="ignore"):
            for slot, given in named.items():
                live = self._live[slot]
                live.steps += 1
                workspace.trainer.optimizer.set(slot, live.spec, live.steps, given.learning_rate)
        workspace.trainer.optimizer.send()
        for operation in program.to_update:
            operation()
        for slot, values in kept.items():
            workspace.store.put(slot, self._live[slot].spec.network.depth, values)

    def _rearranged(self) -> None:
        self._program = None
        self._running().arrange([live.spec.network for live in self._live])

    def _running(self) -> Workspace:
        if self._workspace is None:
            raise KeyError("no trial has been added")
        return self._workspace

    def _slot(self, trial_id: UUID) -> int:
        for slot, live in enumerate(self._live):
            if live.spec.trial_id == trial_id:
                return slot
        raise KeyError(trial_id)
