"""What the service answers, as frozen values; fields this version does not know are dropped."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Scalar = bool | int | float | str | None


class _Answer(BaseModel):
    # Answers may gain fields; a client that refused them would break on every service update.
    model_config = ConfigDict(frozen=True, extra="ignore")


class SpecIssue(_Answer):
    """One place where an input is wrong."""

    path: str
    given: str
    message: str


class Problem(_Answer):
    """An error as the service tells it (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""
    code: str
    errors: tuple[SpecIssue, ...] = ()


class Counts(_Answer):
    """Trials of a sweep by where they stand."""

    pending: int
    running: int
    completed: int
    diverged: int
    stopped: int
    failed: int
    cancelled: int

    @property
    def done(self) -> int:
        """Trials with an outcome."""
        return self.completed + self.diverged + self.stopped + self.failed + self.cancelled


class Sweep(_Answer):
    """A sweep and how far it is."""

    id: UUID
    name: str
    state: str
    n_trials: int
    counts: Counts
    epochs_done: int
    epochs_total: int
    progress: float
    eta_seconds: float | None = None
    priority: int
    tags: dict[str, str]
    spec_hash: str
    message: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ("completed", "failed", "cancelled")


class Trial(_Answer):
    """A trial: its coordinates, what they resolved to, and its results; None where not asked for.

    The attributes are those of ``GET /v1/trials``, which documents them.
    """

    id: UUID
    sweep_id: UUID | None = None
    number: int | None = None
    state: str | None = None
    outcome: str | None = None
    dataset: str | None = None
    task: str | None = None
    activation: str | None = None
    depth: int | None = None
    width: int | None = None
    width_parameters: int | None = None
    scheme: str | None = None
    g_mode: str | None = None
    g_relative: float | None = None
    g: float | None = None
    lr: float | None = None
    effective_lr: float | None = None
    epochs: int | None = None
    batch_size: int | None = None
    optimizer: str | None = None
    seed: int | None = None
    epochs_done: int | None = None
    final_train_loss: float | None = None
    final_train_error: float | None = None
    final_eval_loss: float | None = None
    final_eval_error: float | None = None
    best_train_loss: float | None = None
    best_train_error: float | None = None
    best_eval_loss: float | None = None
    best_eval_error: float | None = None
    profile_epochs: tuple[int, ...] | None = None
    predicted_drift: float | None = None
    predicted_spread: float | None = None
    z_init: float | None = None
    diverged_epoch: int | None = None
    diverged_step: int | None = None
    message: str | None = None


class Epoch(_Answer):
    """What one epoch of a trial measured."""

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


class LayerProfile(_Answer):
    """Log norms of a trial's network by layer, input side first; None where a norm is 0."""

    epoch: int
    activation_log_norms: tuple[float | None, ...]
    error_log_norms: tuple[float | None, ...]
    gradient_log_norms: tuple[float | None, ...]


class ErrorBand(_Answer):
    """Mean and deviation predicted for a layer's log error norm less the last hidden layer's."""

    mean: float
    sd: float


class Layers(_Answer):
    """A trial's layer profiles beside what is predicted of its initial network."""

    trial_id: UUID
    z_init: float | None
    predicted: tuple[ErrorBand, ...] | None
    profiles: tuple[LayerProfile, ...]


class Group(_Answer):
    """The trials that share the values of the grouping columns, summarized."""

    by: dict[str, Scalar]
    n_trials: int
    n: int
    n_diverged: int
    n_stopped: int
    n_failed: int
    n_cancelled: int
    n_unfinished: int
    n_missing: int
    mean: float | None
    sd: float | None
    median: float | None
    min: float | None
    max: float | None
    ci_low: float | None
    ci_high: float | None


class Comparison(_Answer):
    """Groups of a sweep's trials side by side."""

    sweep_id: UUID
    group_by: tuple[str, ...]
    metric: str
    at: str
    ci: str
    level: float
    groups: tuple[Group, ...]


class BetterThanPrevious(_Answer):
    """A depth's best configuration against the previous depth's."""

    previous_depth: int
    difference: float
    test: Literal["paired_t", "welch_t"]
    n: int
    p_value: float
    better: bool


class DepthBest(_Answer):
    """The best configuration of one depth."""

    depth: int
    configuration: dict[str, Scalar] = Field(default_factory=dict)
    n_trials: int
    n: int
    n_diverged: int
    n_failed: int
    n_stopped: int
    mean: float | None
    sd: float | None
    ci_low: float | None
    ci_high: float | None
    predicted_drift: float | None
    predicted_spread: float | None
    mean_z_init: float | None
    n_configurations: int
    n_trials_at_depth: int
    n_diverged_at_depth: int
    better_than_previous: BetterThanPrevious | None


class DepthComparison(_Answer):
    """The best configuration of every depth."""

    sweep_id: UUID
    metric: str
    at: str
    ci: str
    level: float
    depths: tuple[DepthBest, ...]


class Dataset(_Answer):
    """A data set that specs may name."""

    name: str
    n_inputs: int
    n_classes: int
    n_train: int
    n_eval: int


class TheoryGain(_Answer):
    """The g at which the log norm of the error has no drift; see ``GET /v1/theory/gain``."""

    activation: str
    width: int
    depth: int | None
    weights: str
    slope: float
    gain: float
    standard_error: float
    exact: bool
    n_samples: int
    paper_gain: float | None
    he: float


class Quantile(_Answer):
    """A quantile of the log gradient norm, in nats."""

    probability: float
    log_norm: float


class Correlation(_Answer):
    """What very wide networks do to the correlation of two inputs."""

    fixed_point: float
    chi: float
    depth_scale: float | None


class TheoryWalk(_Answer):
    """The predicted law of the log gradient norm; see ``GET /v1/theory/walk``."""

    activation: str
    width: int
    depth: int
    weights: str
    slope: float
    g: float
    exact: bool
    drift: float
    drift_error: float
    spread: float
    n_samples: int
    quantiles: tuple[Quantile, ...]
    death_probability: float | None
    inverse_width_sum: float
    bound: float
    probability: float
    depth_limit: int | None
    correlation: Correlation | None


class Range(_Answer):
    """Smallest and largest over the trials of a sweep."""

    low: int
    high: int


class PreviewRow(_Answer):
    """A trial as it would be planned; ``g`` is None while it is being simulated."""

    configuration: int
    dataset: str
    task: str
    activation: str
    depth: int
    width: int
    parameters: int
    scheme: str
    g_mode: str
    g_relative: float | None
    g: float | None
    lr: float
    effective_lr: float
    epochs: int
    batch_size: int
    optimizer: str
    seed: int


class Forecast(_Answer):
    """A random network of a sweep and its predicted walk; what is not known is None."""

    name: str
    weights: str
    activation: str
    slope: float
    width: int
    depth: int
    g_relative: float | None
    n_trials: int
    g: float | None
    exact: bool
    pending: bool
    drift: float | None
    drift_error: float | None
    spread: float | None
    death_probability: float | None
    decorrelation: float | None
    depth_scale: float | None
    remark: str | None


class PreviewWarning(_Answer):
    """One thing that theory expects to go wrong, with indices of the configurations."""

    kind: str
    message: str
    configurations: tuple[int, ...]


class TimeEstimate(_Answer):
    """How long a sweep would take; None where no worker has been measured yet."""

    seconds: float | None
    actors: int | None
    device: str | None
    error_factor: float
    remark: str


class Preview(_Answer):
    """What a sweep would run, take and, by theory, do."""

    name: str
    n_trials: int
    n_points: int
    n_configurations: int
    n_pending: int
    rows: tuple[PreviewRow, ...]
    parameters: Range
    parameters_total: int
    memory_bytes: Range
    flops_total: int
    time: TimeEstimate
    configurations: tuple[Forecast, ...]
    warnings: tuple[PreviewWarning, ...]
