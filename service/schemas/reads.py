"""What is read of a resource: frozen models that refuse a number that is not finite."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from service.lifecycle import SweepState, TrialState
from service.planner import GMode
from service.spec import Media
from workers.contract import (
    Activation,
    EngineName,
    OptimizerKind,
    Outcome,
    Precision,
    Scheme,
    Task,
)
from workers.schedules import Schedule, ScheduleKind


class Read(BaseModel):
    """Base of what the API answers."""

    # A float that is not finite would become null on its way to JSON, silently.
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, from_attributes=True)


class CountsRead(Read):
    """A sweep's trials by where they stand; all 0 until the sweep is planned."""

    pending: int = Field(description="No worker has had them yet, or theirs is gone.")
    running: int
    completed: int
    diverged: int = Field(description="A loss was not finite: a result, not a failure.")
    stopped: int = Field(description="Ended by early stopping or a deadline.")
    failed: int
    cancelled: int


class SweepRead(Read):
    """A sweep and how far it is."""

    id: UUID
    name: str
    state: SweepState
    n_trials: int = Field(description="Planned trials; an upper bound until it is planned.")
    counts: CountsRead
    epochs_done: int = Field(description="Epochs trained, over all trials.")
    epochs_total: int = Field(description="Epochs that its trials were planned for.")
    progress: float = Field(ge=0, le=1, description="Share of the work that is behind.")
    eta_seconds: float | None = Field(
        ge=0,
        description=(
            "Predicted seconds to the end, from the measured speed of the workers' devices and of "
            "this sweep, as if early stopping ended nobody else; null unless it runs, and while "
            "nothing is known."
        ),
    )
    priority: int
    tags: dict[str, JsonValue]
    spec_hash: str = Field(description="SHA-256 of the spec's canonical JSON.")
    message: str | None = Field(description="Why it failed.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class SweepDetail(SweepRead):
    """A sweep with its spec."""

    spec_text: str = Field(description="The spec as it was sent.")
    spec_media: Media = Field(description="Language of `spec_text`.")


class SweepPage(Read):
    """Some sweeps."""

    sweeps: tuple[SweepRead, ...]
    next_page_token: str = Field(description="Pass it as `page_token`; empty after the last page.")


class TrialRead(Read):
    """A trial: what was asked, what it was resolved to, and what came of it.

    With `fields`, only the fields asked for (and `id`) are there.
    """

    id: UUID
    sweep_id: UUID | None = None
    number: int | None = Field(None, description="Position in the plan, from 0.")

    dataset: str | None = None
    task: Task | None = None
    kind: str | None = Field(None, description="Architecture.")
    activation: Activation | None = None
    slope: float | None = None
    depth: int | None = Field(None, description="Hidden layers.")
    width: int | None = Field(None, description="Units per hidden layer, as resolved.")
    scheme: Scheme | None = None
    g: float | None = Field(None, description="Of the hidden matrices, as resolved.")
    g_in: float | None = None
    g_out: float | None = None
    epochs: int | None = Field(None, description="Planned epochs.")
    batch_size: int | None = None
    optimizer: OptimizerKind | None = None
    momentum: float | None = None
    nesterov: bool | None = None
    weight_decay: float | None = None
    clip_norm: float | None = None
    beta1: float | None = None
    beta2: float | None = None
    eps: float | None = None
    effective_lr: float | None = Field(None, description="Learning rate after every rule.")
    schedule_kind: ScheduleKind | None = None
    schedule: Schedule | None = None
    precision: Precision | None = None
    seed: int | None = None
    engine: EngineName | None = None
    profile_epochs: tuple[int, ...] | None = Field(
        None, description="Epochs whose layer profiles are recorded."
    )
    predicted_drift: float | None = Field(
        None,
        description=(
            "Mean of the initial network's ln(|delta_1| / |delta_D|) by theory, in nats; null "
            "where there is no prediction."
        ),
    )
    predicted_spread: float | None = Field(None, description="Standard deviation of it.")
    walk_id: UUID | None = Field(None, description="Of the simulation behind it, if it is one.")

    g_mode: GMode | None = Field(None, description="How g was written.")
    g_relative: float | None = Field(None, description="g as written, relative to the unbiased.")
    width_parameters: int | None = Field(None, description="Budget the width was solved from.")
    lr: float | None = Field(None, description="Learning rate as written.")
    lr_depth_power: float | None = None

    state: TrialState | None = None
    outcome: Outcome | None = None
    attempt: int | None = None
    epochs_done: int | None = Field(None, description="Highest epoch recorded; 0 is the start.")
    final_train_loss: float | None = None
    final_train_error: float | None = None
    final_eval_loss: float | None = None
    final_eval_error: float | None = None
    best_train_loss: float | None = None
    best_train_error: float | None = None
    best_eval_loss: float | None = None
    best_eval_error: float | None = None
    z_init: float | None = Field(
        None,
        description=(
            "Log-norm walk of the initial network, in predicted standard deviations from the "
            "predicted mean; null where there is no prediction."
        ),
    )
    diverged_epoch: int | None = None
    diverged_step: int | None = None
    message: str | None = None
    seconds: float | None = Field(None, description="Training time over the recorded epochs.")
    host: str | None = None
    device: str | None = None
    versions: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class TrialPage(Read):
    """Some trials."""

    trials: tuple[TrialRead, ...]
    next_page_token: str = Field(description="Pass it as `page_token`; empty after the last page.")


class EpochRead(Read):
    """What one epoch measured, with the weights at its end; epoch 0 is the initial network."""

    epoch: int
    attempt: int
    step: int = Field(description="Optimizer steps so far.")
    train_loss: float = Field(description="Of a full pass over the training set.")
    train_error: float | None = Field(description="Fraction misclassified; null if autoencoding.")
    eval_loss: float
    eval_error: float | None
    running_loss: float | None = Field(description="Mean of the epoch's minibatch losses.")
    lr: float | None = Field(description="Learning rate of the epoch's last step.")
    log_grad_norm_first: float | None = Field(description="ln of the first matrix's gradient norm.")
    log_grad_norm_last: float | None = Field(description="ln of the last matrix's gradient norm.")
    seconds: float


class EpochList(Read):
    """A trial's curve."""

    trial_id: UUID
    epochs: tuple[EpochRead, ...]


class LayerProfileRead(Read):
    """Log norms by layer, input side first; null where a norm is 0."""

    epoch: int
    attempt: int
    activation_log_norms: tuple[float | None, ...] = Field(
        description="ln of the norm of each hidden layer's activations, mean over a batch."
    )
    error_log_norms: tuple[float | None, ...] = Field(
        description="Likewise of the loss gradient with respect to those activations."
    )
    gradient_log_norms: tuple[float | None, ...] = Field(
        description="ln of the norm of each matrix's loss gradient; one more than hidden layers."
    )


class ErrorBand(Read):
    """What theory says of one hidden layer of the initial network, relative to the last one."""

    mean: float = Field(description="Of the layer's log error norm less the last layer's.")
    sd: float = Field(ge=0, description="Of the same over networks, for one sample.")


class LayerList(Read):
    """A trial's layer profiles beside what is predicted of them."""

    trial_id: UUID
    z_init: float | None = Field(description="As in the trial.")
    predicted: tuple[ErrorBand, ...] | None = Field(
        description="By hidden layer, input side first; null where there is no prediction."
    )
    profiles: tuple[LayerProfileRead, ...]


class EventRead(Read):
    """One thing that happened to a sweep."""

    id: int
    sweep_id: UUID
    trial_id: UUID | None
    kind: str
    detail: dict[str, JsonValue] | None
    at: datetime


class DatasetRead(Read):
    """A data set that specs may name."""

    name: str
    n_inputs: int = Field(description="Dimensions of one sample.")
    n_classes: int = Field(description="Labels; 0 if there are none.")
    n_train: int
    n_eval: int


class DatasetList(Read):
    """The data sets that specs may name."""

    datasets: tuple[DatasetRead, ...]
