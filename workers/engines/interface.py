"""Interface between the training loop and the engines.

An engine contains networks in training, one per trial, and takes a step of any of them together.
The loop decides everything that is not arithmetic: the position in the run, the order of the
samples, the learning rate, the end. Trials may therefore be added and dropped between any two
steps, and an engine that stacks many networks into one batched product has the same interface as
one that trains them one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from workers.contract import TrialSpec
from workers.errors import WorkersError


class UnsupportedTrialError(WorkersError):
    """The engine or the data set does not support a setting of a trial."""

    def __init__(self, field: str, given: str, allowed: str) -> None:
        super().__init__(field, given, allowed)
        self.field = field
        self.given = given
        self.allowed = allowed

    def __str__(self) -> str:
        return f"{self.field} must be {self.allowed}; given {self.given!r}"


@dataclass(frozen=True, slots=True, eq=False)
class TrainingState:
    """Weights and optimizer state of a trial: with its spec, all that later steps depend on.

    Attributes:
        steps: Optimizer steps taken.
        arrays: Parameters and optimizer state in the trial's precision, by the names of
            `workers.engines.states`.
    """

    steps: int
    arrays: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class StepInput:
    """Input of one trial for a step.

    Attributes:
        indices: Numbers of the minibatch's training samples, int64, shape ``(batch,)``.
        learning_rate: Learning rate of the step, finite.
    """

    indices: NDArray[np.int64]
    learning_rate: float


@dataclass(frozen=True, slots=True)
class SplitResult:
    """Result of a full pass over one split.

    Attributes:
        loss: Mean over samples; may be infinite or NaN.
        error: Fraction misclassified; None when autoencoding.
    """

    loss: float
    error: float | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Results of full passes over both splits with the same weights."""

    train: SplitResult
    eval: SplitResult


class NetworkTensors(NamedTuple):
    """Tensors of a network by group, one for each matrix.

    Attributes:
        weights: Matrices, ``(fan_out, fan_in)``. A permutation is the order of its columns.
        biases: Biases, ``(fan_out,)``; fixed groups have none.
    """

    weights: Mapping[str, Sequence[Tensor]]
    biases: Mapping[str, Sequence[Tensor]]


@dataclass(frozen=True, slots=True)
class GradientNorms:
    """ln of the norms of the first and last matrix's gradients; None where 0 or not finite."""

    log_first: float | None
    log_last: float | None


class Engine(Protocol):
    """Interface of an engine: networks in training on one data set and one device."""

    @property
    def slots(self) -> int:
        """Number of trials that the engine should train at once, at least 1."""
        ...

    def accepts(self, spec: TrialSpec) -> bool:
        """Return whether the engine can run a trial once a slot is free."""
        ...

    def add(self, spec: TrialSpec) -> None:
        """Add a trial with its initial network.

        Raises:
            UnsupportedTrialError: This engine or data set cannot run the trial.
        """
        ...

    def step(self, inputs: Mapping[UUID, StepInput]) -> Mapping[UUID, float]:
        """Take one optimizer step in each of the named trials.

        Args:
            inputs: Minibatch and rate by trial; the other trials are not changed.

        Returns:
            The minibatch loss by trial, before the update. Where it is not finite, the trial was
            not updated.
        """
        ...

    def evaluate(self, trial_id: UUID) -> Evaluation:
        """Return loss and error of full passes over the training and the test split."""
        ...

    def probe(self, trial_id: UUID) -> GradientNorms:
        """Return the log gradient norms on the trial's first ``batch_size`` training samples."""
        ...

    def save(self, trial_id: UUID) -> TrainingState:
        """Return a copy of a trial's state."""
        ...

    def parameters(self, trial_id: UUID) -> "NetworkTensors":
        """Return a trial's matrices and biases, which must not be changed.

        They are the engine's own tensors, since a copy of a deep network's would be large.
        """
        ...

    def restore(self, spec: TrialSpec, state: TrainingState) -> None:
        """Add a trial with a saved state, which may come from another kind of engine.

        Raises:
            UnsupportedTrialError: This engine or data set cannot run the trial.
            StateMismatchError: The state does not have the trial's arrays.
        """
        ...

    def drop(self, trial_id: UUID) -> None:
        """Remove a trial; does nothing if the engine does not contain it."""
        ...
