"""The packed engine: trains many networks at once by batched products."""

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
from workers.engines.initial_draws import GroupTensors, draw_matrices_, draw_weights_
from workers.engines.interface import (
    Evaluation,
    GradientNorms,
    NetworkTensors,
    StepInput,
    TrainingState,
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
    fixed_groups,
    kind_arrays,
    state_kinds,
    trained_groups,
)
from workers.errors import WorkersError
from workers.estimates.capacity import MEMORY_BYTES
from workers.estimates.pack_shape import PackShape


class PackFullError(WorkersError):
    """A trial was added to a pack without a free slot."""

    def __init__(self, slots: int) -> None:
        super().__init__(slots)
        self.slots = slots

    def __str__(self) -> str:
        return f"all {self.slots} slots are taken"


@dataclass(slots=True, eq=False)
class _PackedTrial:
    """A trial in a slot.

    Attributes:
        spec: The trial.
        steps: Optimizer steps taken.
    """

    spec: TrialSpec
    steps: int = 0

    @property
    def rank(self) -> tuple[object, ...]:
        """Sort key of the slots: depth for the passes, then variants, for long runs of updates."""
        return (-self.spec.network.depth, *Variant.of(self.spec))


@contextmanager
def _computation_settings() -> Iterator[None]:
    with fixed_arithmetic(), torch.inference_mode():
        yield


class PackedEngine:
    """Engine that trains up to ``slots`` trials of one `PackShape` at once; see `Engine`.

    The first trial decides the shape. Slots are ordered by depth, the deepest first, so the
    trials that have a certain layer are in the first slots. Adding or removing a trial moves other
    trials to other slots, which changes no bit of their results.
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
            data: Data set of the trials.
            device: Device of all tensors.
            slots: Trials at once, at least 1.
            memory_bytes: A pack that would take more computes activations again in the backward
                pass instead of keeping them. It changes no result.
        """
        self._slots = slots
        self._dataset, self._device = data.shape, device
        self._memory_bytes = memory_bytes
        self._train = Split(data.train_x, data.train_y, device)
        self._eval = Split(data.eval_x, data.eval_y, device)
        self._trials: list[_PackedTrial] = []
        self._workspace: Workspace | None = None
        self._program: Program | None = None

    @property
    def slots(self) -> int:
        """Number of trials that the engine trains at once."""
        return self._slots

    def accepts(self, spec: TrialSpec) -> bool:
        """Return whether a trial has the pack's shape; before the first trial every shape fits."""
        shape = PackShape.of(spec, self._dataset)
        return self._workspace is None or self._workspace.shape == shape

    @_computation_settings()
    def add(self, spec: TrialSpec) -> None:
        """Add a trial with its initial network."""
        workspace, slot = self._insert(spec)
        groups = trained_groups(spec, self._dataset)
        weights = by_group(groups, workspace.store.weights(0, slot, spec.network.depth))
        self._draw_fixed(spec, slot)
        draw_weights_(spec, groups, weights, self._train)

    @_computation_settings()
    def step(self, inputs: Mapping[UUID, StepInput]) -> Mapping[UUID, float]:
        """Take one optimizer step in each of the named trials."""
        named = {self._slot(key): given for key, given in inputs.items()}
        if not named:
            return {}
        trainer = self._current_workspace().trainer
        if self._program is None:
            self._program = trainer.program([trial.spec for trial in self._trials])
        for slot, given in named.items():
            trainer.set_minibatch(slot, given.indices)
        trainer.send()
        for operation in self._program.to_losses:
            operation()
        losses: list[float] = trainer.losses.tolist()
        # A step whose loss is not finite would spoil the weights and is not applied.
        finite = {slot: named[slot] for slot in named if math.isfinite(losses[slot])}
        if finite:
            self._update(self._program, finite)
        return {key: losses[slot] for key, slot in zip(inputs, named, strict=True)}

    @_computation_settings()
    def evaluate(self, trial_id: UUID) -> Evaluation:
        """Return loss and error of full passes over both splits."""
        slot = self._slot(trial_id)
        passes, depth = self._current_workspace().passes, self._trials[slot].spec.network.depth
        return Evaluation(passes.run(slot, depth, self._train), passes.run(slot, depth, self._eval))

    @_computation_settings()
    def probe(self, trial_id: UUID) -> GradientNorms:
        """Return the log gradient norms, computed in float64 whatever the trial's precision."""
        slot = self._slot(trial_id)
        return self._current_workspace().probe.run(slot, self._trials[slot].spec.network)

    @_computation_settings()
    def save(self, trial_id: UUID) -> TrainingState:
        """Return a copy of a trial's weights and optimizer state."""
        slot = self._slot(trial_id)
        trial, store = self._trials[slot], self._current_workspace().store
        groups, depth = trained_groups(trial.spec, self._dataset), trial.spec.network.depth
        arrays = [
            kind_arrays(
                kind,
                by_group(groups, store.weights(i, slot, depth)),
                by_group(groups, store.biases(i, slot, depth)),
            )
            for i, kind in enumerate(state_kinds(trial.spec))
        ]
        return TrainingState(trial.steps, {name: a for part in arrays for name, a in part.items()})

    def parameters(self, trial_id: UUID) -> NetworkTensors:
        """Return views of a trial's matrices and biases by group."""
        slot = self._slot(trial_id)
        spec, store = self._trials[slot].spec, self._current_workspace().store
        groups, depth = trained_groups(spec, self._dataset), spec.network.depth
        weights = by_group(groups, store.weights(0, slot, depth))
        biases = by_group(groups, store.biases(0, slot, depth))
        return NetworkTensors({**weights, **self._fixed(spec, slot)}, biases)

    @_computation_settings()
    def restore(self, spec: TrialSpec, state: TrainingState) -> None:
        """Add a trial with a saved state."""
        check_state(spec, self._dataset, state)
        workspace, slot = self._insert(spec)
        self._trials[slot].steps = state.steps
        groups, depth = trained_groups(spec, self._dataset), spec.network.depth
        for i, kind in enumerate(state_kinds(spec)):
            fill_(
                kind,
                by_group(groups, workspace.store.weights(i, slot, depth)),
                by_group(groups, workspace.store.biases(i, slot, depth)),
                state,
            )
        # A state does not contain fixed matrices; they are drawn again.
        self._draw_fixed(spec, slot)

    @_computation_settings()
    def drop(self, trial_id: UUID) -> None:
        """Remove a trial and move the trials in later slots up by one."""
        self._remove(trial_id)

    def _fixed(self, spec: TrialSpec, slot: int) -> GroupTensors:
        store, fixed = self._current_workspace().store, fixed_groups(spec, self._dataset)
        return {group.name: store.fixed(slot, group.count) for group in fixed}

    def _draw_fixed(self, spec: TrialSpec, slot: int) -> None:
        fixed = fixed_groups(spec, self._dataset)
        draw_matrices_(spec, fixed, self._fixed(spec, slot))

    def _remove(self, trial_id: UUID) -> None:
        slots = [i for i, trial in enumerate(self._trials) if trial.spec.trial_id == trial_id]
        for slot in slots:
            store = self._current_workspace().store
            for later in range(slot + 1, len(self._trials)):
                store.move(later, later - 1, self._trials[later].spec.network.depth)
            del self._trials[slot]
            self._slots_changed()

    def _insert(self, spec: TrialSpec) -> tuple[Workspace, int]:
        """Insert a trial by its rank and clear its slot; return the workspace and the slot.

        A trial that the pack contains already is removed first.
        """
        check_trial(spec, self._dataset, EngineName.PACKED)
        self._remove(spec.trial_id)
        if len(self._trials) == self._slots:
            raise PackFullError(self._slots)
        workspace = self._workspace_for(spec)
        trial = _PackedTrial(spec)
        slot = bisect_right([other.rank for other in self._trials], trial.rank)
        for later in reversed(range(slot, len(self._trials))):
            workspace.store.move(later, later + 1, self._trials[later].spec.network.depth)
        workspace.store.clear(slot, spec.network.depth)
        self._trials.insert(slot, trial)
        self._slots_changed()
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
        """Update the named slots only."""
        workspace = self._current_workspace()
        # An update computes all slots. The values of the others are saved and written back.
        kept = {
            slot: workspace.store.take(slot, trial.spec.network.depth)
            for slot, trial in enumerate(self._trials)
            if slot not in named
        }
        # A rate that float32 cannot hold becomes infinite, and the trial diverges.
        with np.errstate(over="ignore"):
            for slot, given in named.items():
                trial = self._trials[slot]
                trial.steps += 1
                workspace.trainer.optimizer.set(slot, trial.spec, trial.steps, given.learning_rate)
        workspace.trainer.optimizer.send()
        for operation in program.to_update:
            operation()
        for slot, values in kept.items():
            workspace.store.put(slot, self._trials[slot].spec.network.depth, values)

    def _slots_changed(self) -> None:
        self._program = None
        self._current_workspace().set_networks([trial.spec.network for trial in self._trials])

    def _current_workspace(self) -> Workspace:
        if self._workspace is None:
            raise KeyError("no trial has been added")
        return self._workspace

    def _slot(self, trial_id: UUID) -> int:
        for slot, trial in enumerate(self._trials):
            if trial.spec.trial_id == trial_id:
                return slot
        raise KeyError(trial_id)
