"""What the training loop asks of an engine.

An engine holds networks in training, one per trial, and advances any of them together. The
loop keeps what is not arithmetic: the position in the run, the order of the samples, the
learning rate, the end. So trials may join and leave between any two steps, each with its own
rate, and an engine that stacks many networks into one batched product fits behind the same
few calls.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from workers.contract import TrialSpec
from workers.errors import WorkersError


class UnsupportedTrialError(WorkersError):
    """A trial asks for what its engine or its data set does not have."""

    def __init__(self, field: str, given: str, allowed: str) -> None:
        super().__init__(field, given, allowed)
        self.field = field
        self.given = given
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.field} must be {self.allowed}; given {self.given!r}"


@dataclass(frozen=True, slots=True, eq=False)
class TrialState:
    """All that a trial's further steps depend on, beside its spec.

    Attributes:
        steps: Optimizer steps taken.
        arrays: Parameters and optimizer state in the trial's precision, by the names that
            `workers.engines.states` gives them.
    """

    steps: int
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class StepInput:
    """One trial's part of a step.

    Attributes:
        indices: Training samples of the minibatch, int64, shape ``(batch,)``.
        learning_rate: The step's rate, finite.
    """

    indices: NDArray[np.int64]
    learning_rate: float


@dataclass(frozen=True, slots=True)
class SplitResult:
    """A full pass over one split.

    Attributes:
        loss: Mean over samples; may be infinite or NaN.
        error: Fraction misclassified; None when autoencoding.
    """

    loss: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Full passes over both splits with the same weights."""

    train: SplitResult
    eval: SplitResult


@dataclass(frozen=True, slots=True)
class GradientNorms:
    """ln of the norms of the loss gradient, first and last matrix; None for 0 or not finite."""

    log_first: float | None
    log_last: float | None


class Engine(Protocol):
    """Networks in training on one data set and one device."""

    @property
    def slots(self) -> int:
        """How many trials it should hold at once, at least 1."""
        ...

    def accepts(self, spec: TrialSpec) -> bool:
        """Whether a trial can run beside those that are or were here, given a free slot."""
        ...

    def add(self, spec: TrialSpec) -> None:
        """Take up a trial with its initial network.

        Raises:
            UnsupportedTrialError: This engine or data set cannot run it.
        """
        ...

    def step(self, inputs: Mapping[UUID, StepInput]) -> Mapping[UUID, float]:
        """Take one optimizer step in each of the named trials.

        Args:
            inputs: Minibatch and rate by trial; the other trials are left as they are.

        Returns:
            The minibatch loss by trial, before the update. Where it is not finite, the
            update was not applied.
        """
        ...

    def evaluate(self, trial_id: UUID) -> Evaluation:
        """Return loss and error of full passes over the training and the test split."""
        ...

    def probe(self, trial_id: UUID) -> GradientNorms:
        """Return the log gradient norms on the trial's first ``batch_size`` training samples."""
        ...

    def save(self, trial_id: UUID) -> TrialState:
        """Return a copy of a trial's state."""
        ...

    def restore(self, spec: TrialSpec, state: TrialState) -> None:
        """Take up a trial where `save` left it, in an engine of this kind or another.

        Raises:
            UnsupportedTrialError: This engine or data set cannot run it.
            StateMismatchError: The state is of a trial with other matrices.
        """
        ...

    def drop(self, trial_id: UUID) -> None:
        """Forget a trial; it need not have been added."""
        ...
