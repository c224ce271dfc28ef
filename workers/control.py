"""Control actor of a sweep: instructions, early stopping and checkpoints for all its workers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workers.contract import EpochRecord, StoppingDecision, TrialSpec
from workers.stopping import Stopper

if TYPE_CHECKING:
    # Not imported at run time: it loads torch, and the driver of every sweep would wait for it.
    from workers.training import Checkpoint

CHECKPOINT_BYTES = 1024**3
"""Memory for the checkpoints of trials that wait for a decision. A trial whose checkpoint does not
fit is trained again from the start."""


@dataclass(frozen=True, slots=True)
class Instructions:
    """Instructions that a worker fetches before each step of its pack.

    Attributes:
        wind_down: Return at once and leave unfinished trials unfinished.
    """

    wind_down: bool = False


class ControlState:
    """State of the control actor: instructions, the rule of early stopping, and checkpoints.

    Instructions are never withdrawn.

    Args:
        stopper: Rule that judges trials while they run; None lets every trial go on.
        checkpoint_bytes: Memory for all checkpoints together.
    """

    def __init__(
        self, stopper: Stopper | None = None, checkpoint_bytes: int = CHECKPOINT_BYTES
    ) -> None:
        self._instructions = Instructions()
        self._stopper = stopper
        self._free_bytes = checkpoint_bytes
        self._checkpoints: dict[UUID, Checkpoint] = {}

    def instructions(self) -> Instructions:
        """Return the current instructions."""
        return self._instructions

    def wind_down(self) -> None:
        """Instruct every worker to return at its next step."""
        self._instructions = Instructions(wind_down=True)

    def judge(self, record: EpochRecord, last: bool) -> StoppingDecision | None:
        """Return the decision about a trial after its latest epoch; None if there is none.

        The order in which the calls of all workers arrive is the order of the rule.
        """
        return None if self._stopper is None else self._stopper.judge(record, last=last)

    def save(self, checkpoint: "Checkpoint") -> None:
        """Store a checkpoint in place of the trial's earlier one, if there is memory for it."""
        # Discarded first, so that its memory counts as free.
        self.discard([checkpoint.trial_id])
        if _bytes(checkpoint) <= self._free_bytes:
            self._free_bytes -= _bytes(checkpoint)
            self._checkpoints[checkpoint.trial_id] = _copied(checkpoint)

    def load(self, trial_id: UUID) -> "Checkpoint | None":
        """Return the checkpoint of a trial; it stays stored, in case the worker is lost."""
        return self._checkpoints.get(trial_id)

    def discard(self, trial_ids: Iterable[UUID]) -> None:
        """Delete the checkpoints of trials that do not go on."""
        for trial_id in trial_ids:
            checkpoint = self._checkpoints.pop(trial_id, None)
            if checkpoint is not None:
                self._free_bytes += _bytes(checkpoint)


def _bytes(checkpoint: "Checkpoint") -> int:
    return sum(array.nbytes for array in checkpoint.state.arrays.values())


def _copied(checkpoint: "Checkpoint") -> "Checkpoint":
    # The arrays of an argument lie in Ray's object store, which could not free them otherwise.
    arrays = {name: array.copy() for name, array in checkpoint.state.arrays.items()}
    return replace(checkpoint, state=replace(checkpoint.state, arrays=arrays))


class Control:
    """Client of the control actor; a copy of it is sent to every worker of the sweep."""

    # Ray makes an actor's methods at run time, so a handle has no static type.
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def instructions(self) -> Instructions:
        """Return the current instructions; takes about a millisecond."""
        instructions: Instructions = ray.get(self._handle.instructions.remote())
        return instructions

    def wind_down(self) -> None:
        """Instruct every worker to return at its next step, without waiting for them."""
        self._handle.wind_down.remote()

    def judge(self, spec: TrialSpec, record: EpochRecord) -> StoppingDecision | None:
        """Return the decision of early stopping about a trial; takes about a millisecond."""
        last = record.epoch == spec.training.epochs
        decision: StoppingDecision | None = ray.get(self._handle.judge.remote(record, last))
        return decision

    def save(self, checkpoint: "Checkpoint") -> None:
        """Store a checkpoint and wait for it, so that no more than one is in transit."""
        ray.get(self._handle.save.remote(checkpoint))

    def load(self, trial_id: UUID) -> "Checkpoint | None":
        """Return the checkpoint of a trial; None if there is none."""
        checkpoint: Checkpoint | None = ray.get(self._handle.load.remote(trial_id))
        return checkpoint

    def discard(self, trial_ids: Iterable[UUID]) -> None:
        """Delete the checkpoints of some trials, without waiting for it."""
        self._handle.discard.remote(list(trial_ids))


def start(stopper: Stopper | None = None) -> Control:
    """Start the control actor on the node of the calling process; it reserves no CPU.

    Args:
        stopper: Rule that judges trials while they run; None lets every trial go on.
    """
    # On any other node the actor would be lost with that node, and all workers would fail.
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options: Mapping[str, Any] = {"num_cpus": 0, "scheduling_strategy": here}
    return Control(ray.remote(ControlState).options(**options).remote(stopper))
