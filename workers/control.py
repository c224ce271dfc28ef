"""The one place per sweep where running workers ask whether to go on, and what was decided."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from workers.contract import EpochRecord, StoppingDecision, TrialSpec
from workers.stopping import Stopper

if TYPE_CHECKING:
    # Loads torch, for which every sweep would wait.
    from workers.training import Checkpoint

CHECKPOINT_BYTES = 1024**3
"""Memory for trials that wait for a decision; those beyond it are trained again from the start."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a worker is told before each step.

    Attributes:
        wind_down: Return at once; what is unfinished stays unfinished.
    """

    wind_down: bool = False


class ControlState:
    """State of the control actor: orders, the rungs of early stopping, and checkpoint trials.

    Orders only ever tighten.

    Args:
        stopper: Judges trials while they run; None lets all of them go on.
        checkpoint_bytes: Memory for checkpoint trials.
    """

    def __init__(
        self, stopper: Stopper | None = None, checkpoint_bytes: int = CHECKPOINT_BYTES
    ) -> None:
        self._orders = Orders()
        self._stopper = stopper
        self._room = checkpoint_bytes
        self._checkpoints: dict[UUID, Checkpoint] = {}

    def orders(self) -> Orders:
        """Return the orders in force."""
        return self._orders

    def wind_down(self) -> None:
        """Tell every worker to return at its next step."""
        self._orders = Orders(wind_down=True)

    def judge(self, record: EpochRecord, last: bool) -> StoppingDecision | None:
        """Judge a trial by its newest epoch, in the order in which such calls arrive."""
        return None if self._stopper is None else self._stopper.judge(record, last=last)

    def keep(self, checkpoint: "Checkpoint") -> None:
        """Hold on to a trial's state while there is room."""
        self.forget([checkpoint.trial_id])
        if _bytes(checkpoint) <= self._room:
            self._room -= _bytes(checkpoint)
            self._checkpoints[checkpoint.trial_id] = _own(checkpoint)

    def take(self, trial_id: UUID) -> "Checkpoint | None":
        """Return where a trial was left; it stays here, in case its worker is lost."""
        return self._checkpoints.get(trial_id)

    def forget(self, trial_ids: Iterable[UUID]) -> None:
        """Let go of trials that do not go on."""
        for trial_id in trial_ids:
            checkpoint = self._checkpoints.pop(trial_id, None)
            if checkpoint is not None:
                self._room += _bytes(checkpoint)


def _bytes(checkpoint: "Checkpoint") -> int:
    return sum(array.nbytes for array in checkpoint.state.arrays.values())


def _own(checkpoint: "Checkpoint") -> "Checkpoint":
    # What arrives in a call lies in the object store and would be held there.
    arrays = {name: array.copy() for name, array in checkpoint.state.arrays.items()}
    return replace(checkpoint, state=replace(checkpoint.state, arrays=arrays))


class Control:
    """A line to the control actor; travels to every worker of the sweep."""

    # Ray makes an actor's methods at run time, so a handle has no static type.
    def __init__(self, handle: Any) -> None:
        self._handle = handle

    def orders(self) -> Orders:
        """Return the orders in force; about a millisecond."""
        orders: Orders = ray.get(self._handle.orders.remote())
        return orders

    def wind_down(self) -> None:
        """Tell every worker to return at its next step; does not wait for them."""
        self._handle.wind_down.remote()

    def judge(self, spec: TrialSpec, record: EpochRecord) -> StoppingDecision | None:
        """Return what early stopping says of a trial; about a millisecond."""
        last = record.epoch == spec.training.epochs
        decision: StoppingDecision | None = ray.get(self._handle.judge.remote(record, last))
        return decision

    def keep(self, checkpoint: "Checkpoint") -> None:
        """Park a trial; waits until it is there, so that states do not pile up on the way."""
        ray.get(self._handle.keep.remote(checkpoint))

    def take(self, trial_id: UUID) -> "Checkpoint | None":
        """Return where a trial was left, if that is still known."""
        checkpoint: Checkpoint | None = ray.get(self._handle.take.remote(trial_id))
        return checkpoint

    def forget(self, trial_ids: Iterable[UUID]) -> None:
        """Let go of checkpoint trials; does not wait."""
        self._handle.forget.remote(list(trial_ids))


def start(stopper: Stopper | None = None) -> Control:
    """Start the control actor beside the calling process; it reserves no CPU.

    Elsewhere the loss of that node would take the orders away from every other one.

    Args:
        stopper: Judges trials while they run; None lets all of them go on.
    """
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    options: Mapping[str, Any] = {"num_cpus": 0, "scheduling_strategy": here}
    return Control(ray.remote(ControlState).options(**options).remote(stopper))
