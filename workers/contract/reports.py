"""What a worker reports of its trials; every float is finite, what is not is an `Outcome`."""

from dataclasses import dataclass
from uuid import UUID

from workers.contract.calibration import Calibration
from workers.contract.names import Outcome, StoppingKind, StoppingMetric


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStart:
    """A worker took up a trial (again, after a crash).

    Attributes:
        trial_id: The trial.
        host: Name of the machine.
        device: ``"cpu"`` or a GPU's model.
        versions: Python, torch, llvmlite, numpy and Fathom versions, in words.
    """

    trial_id: UUID
    host: str
    device: str
    versions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialWalk:
    """How far the initial network's log-norm walk is from its law.

    Attributes:
        trial_id: The trial.
        z_init: ``ln(|delta_1| / |delta_D|)`` of one probe, in predicted standard deviations from
            the predicted mean; None where the network passed nothing, where there is no step
            (one hidden layer) or no spread to measure in, or where there is no prediction.
    """

    trial_id: UUID
    z_init: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """What one epoch measured, with the weights at its end.

    Attributes:
        trial_id: The trial.
        epoch: 0 is the initial network, before any step.
        step: Optimizer steps taken so far.
        train_loss: Loss of a full pass over the training set.
        train_error: Fraction misclassified in that pass; None when autoencoding.
        eval_loss: Likewise on the test split.
        eval_error: Likewise on the test split.
        running_loss: Mean of the epoch's minibatch losses, weighted by their sizes; None at
            epoch 0.
        lr: Learning rate of the epoch's last step; None at epoch 0.
        log_grad_norm_first: ln of the Euclidean norm of the loss gradient with respect to the
            first matrix, on the probe batch, in float64; None where the norm is 0 or not finite.
        log_grad_norm_last: Likewise for the last matrix.
        seconds: Wall time of the epoch, its full passes included, and without the time that
            the caller took between steps. The epochs of trials that are trained together
            overlap, and each counts whole.
    """

    trial_id: UUID
    epoch: int
    step: int
    train_loss: float
    train_error: float | None
    eval_loss: float
    eval_error: float | None
    running_loss: float | None
    lr: float | None
    log_grad_norm_first: float | None
    log_grad_norm_last: float | None
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerProfile:
    """Log norms by layer with the weights at an epoch's end, on the probe batch, in float64.

    Layers are counted from the input. A value is None where a norm is 0 or not finite.

    Attributes:
        trial_id: The trial.
        epoch: 0 is the initial network.
        activation_log_norms: ln of the Euclidean norm of each hidden layer's activations, mean
            over the samples; D values.
        error_log_norms: Likewise of the loss gradient with respect to those activations.
        gradient_log_norms: ln of the Frobenius norm of the loss gradient with respect to each
            matrix; D + 1 values, the ends of which are those of the `EpochRecord`.
    """

    trial_id: UUID
    epoch: int
    activation_log_norms: tuple[float | None, ...]
    error_log_norms: tuple[float | None, ...]
    gradient_log_norms: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingDecision:
    """What a rule of early stopping said of a trial.

    Attributes:
        trial_id: The trial.
        epoch: After which.
        rule: Which rule.
        metric: What it compared.
        value: The trial's; less is better.
        cutoff: What it had to reach.
        kept: Whether the trial goes on.
        group: The coordinates that the trials it competes with have in common, in words.
        n_others: How many those were.
    """

    trial_id: UUID
    epoch: int
    rule: StoppingKind
    metric: StoppingMetric
    value: float
    cutoff: float
    kept: bool
    group: str
    n_others: int

    def words(self) -> str:
        """Return the decision as a sentence for a person."""
        verb = "is within" if self.kept else "is above"
        return (
            f"{self.rule}: {self.metric} {self.value:.4g} at epoch {self.epoch} {verb} the cutoff "
            f"{self.cutoff:.4g} of {self.n_others} others"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialEnd:
    """How a trial ended.

    Attributes:
        trial_id: The trial.
        outcome: Which end.
        diverged_epoch: Epoch in which a loss was not finite (0: already the initial network);
            None unless diverged.
        diverged_step: Optimizer step, counted from 1 over the whole run, whose loss was not
            finite; for a full pass, the steps taken before it. None unless diverged.
        message: What went wrong, or why it was stopped, for a person; else None.
    """

    trial_id: UUID
    outcome: Outcome
    diverged_epoch: int | None = None
    diverged_step: int | None = None
    message: str | None = None


TrialReport = TrialStart | InitialWalk | EpochRecord | LayerProfile | StoppingDecision | TrialEnd
"""What is told of one trial."""

Report = TrialReport | Calibration
