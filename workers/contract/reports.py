"""Reports of a worker about its trials.

Every float is finite: a loss that is not finite ends the trial as `Outcome.DIVERGED`.
"""

from dataclasses import dataclass
from uuid import UUID

from workers.contract.calibration import Calibration
from workers.contract.names import Outcome, StoppingKind, StoppingMetric


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialStart:
    """A worker has started a trial; sent again if the trial is restarted after a crash.

    Attributes:
        trial_id: The trial.
        host: Name of the machine.
        device: ``"cpu"`` or a GPU's model.
        versions: Versions of Python, torch, llvmlite, numpy and Fathom, as one line of text.
    """

    trial_id: UUID
    host: str
    device: str
    versions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InitialWalk:
    """Log-norm walk of the initial network, and its deviation from the predicted law.

    Attributes:
        trial_id: The trial.
        walk_init: ``ln(|delta_1| / |delta_D|)`` of one probe, in nats; 0 with one hidden layer,
            which makes no step. None where the error of the probe vanished on its way.
        z_init: `walk_init` in predicted standard deviations from the predicted mean. None without
            a `walk_init` or a prediction, and where the predicted standard deviation is 0.
    """

    trial_id: UUID
    walk_init: float | None
    z_init: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRecord:
    """Measurements of one epoch, with the weights at its end.

    Attributes:
        trial_id: The trial.
        epoch: 0 is the initial network, before any step.
        step: Optimizer steps taken so far.
        train_loss: Loss of a full pass over the training set.
        train_error: Fraction misclassified in that pass; None when autoencoding.
        eval_loss: Loss of a full pass over the test split.
        eval_error: Fraction misclassified in that pass; None when autoencoding.
        running_loss: Mean of the epoch's minibatch losses, weighted by their sizes; None at
            epoch 0.
        lr: Learning rate of the epoch's last step; None at epoch 0.
        log_grad_norm_first: ln of the Euclidean norm of the loss gradient with respect to the
            first matrix, on the probe batch, in float64; None where the norm is 0 or not finite.
        log_grad_norm_last: The same norm for the last matrix.
        seconds: Wall time of the epoch with its full passes, without the time that the caller
            spent between steps. Trials that are trained together overlap in time; each reports
            the whole of it.
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
    """Log norms of each layer with the weights at an epoch's end, on the probe batch, in float64.

    Layers are counted from the input. A value is None where a norm is 0 or not finite.

    Attributes:
        trial_id: The trial.
        epoch: 0 is the initial network.
        activation_log_norms: ln of the Euclidean norm of each hidden layer's activations, mean
            over the samples; D values.
        error_log_norms: ln of the Euclidean norm of the loss gradient with respect to those
            activations, mean over the samples; D values.
        gradient_log_norms: ln of the Frobenius norm of the loss gradient with respect to each
            matrix; D + 1 values. The first and the last are also in the `EpochRecord`.
    """

    trial_id: UUID
    epoch: int
    activation_log_norms: tuple[float | None, ...]
    error_log_norms: tuple[float | None, ...]
    gradient_log_norms: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingDecision:
    """Decision of early stopping about a trial.

    Attributes:
        trial_id: The trial.
        epoch: Epoch after which the decision was made.
        rule: Rule that decided.
        metric: Metric that the rule compared.
        value: Value of the trial; less is better.
        cutoff: Largest value with which a trial goes on.
        kept: Whether the trial goes on.
        group: Name of the trial's group: the coordinates that the compared trials share, as text.
        n_others: Number of trials that this one was compared with.
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
    """End of a trial.

    Attributes:
        trial_id: The trial.
        outcome: Final result.
        diverged_epoch: Epoch in which a loss was not finite (0: already the initial network);
            None unless diverged.
        diverged_step: Optimizer step, counted from 1 over the whole run, whose loss was not
            finite; for a full pass, the steps taken before it. None unless diverged.
        message: The error, or the reason of the stop, for a person; else None.
    """

    trial_id: UUID
    outcome: Outcome
    diverged_epoch: int | None = None
    diverged_step: int | None = None
    message: str | None = None


TrialReport = TrialStart | InitialWalk | EpochRecord | LayerProfile | StoppingDecision | TrialEnd
"""A report about one trial."""

Report = TrialReport | Calibration
