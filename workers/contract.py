"""What travels between the service and a worker: frozen dataclasses of the standard library.

The service builds them from rows and validates them with pydantic; a worker needs neither
pydantic nor Ray to read them. Every float is finite: what is not finite is an `Outcome`.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import log, sqrt
from uuid import UUID

from workers.schedules import Schedule


class Task(StrEnum):
    """What the network learns, and so its loss."""

    CLASSIFY = "classify"  # softmax cross-entropy, mean over samples; error is the fraction wrong
    AUTOENCODE = "autoencode"  # mean squared error over samples and dimensions; no error


class Activation(StrEnum):
    """Elementwise nonlinearities of the hidden layers."""

    LINEAR = "linear"
    RELU = "relu"
    LEAKY_RELU = "leaky_relu"
    TANH = "tanh"
    HARDTANH = "hardtanh"
    SIGMOID_CENTRED = "sigmoid_centred"  # 2 sigmoid(x) - 1
    ERF = "erf"
    SOFTPLUS = "softplus"
    GELU = "gelu"
    SILU = "silu"
    SELU = "selu"
    ELU = "elu"
    SINE = "sine"


class Scheme(StrEnum):
    """Initial-weight schemes."""

    RWI = "rwi"
    RWI_PAPER = "rwi_paper"
    HE = "he"
    GLOROT = "glorot"
    LECUN = "lecun"
    ORTHOGONAL = "orthogonal"


class OptimizerKind(StrEnum):
    """Update rules."""

    SGD = "sgd"
    ADAM = "adam"


class Precision(StrEnum):
    """Arithmetic of the training step."""

    FLOAT32 = "float32"
    FLOAT64 = "float64"


class EngineName(StrEnum):
    """Implementations of the training step."""

    REFERENCE = "reference"  # autograd, one network after another
    PACKED = "packed"  # many networks as one batched product


class Outcome(StrEnum):
    """How a trial ended."""

    COMPLETED = "completed"
    DIVERGED = "diverged"  # the loss of a step or of a full pass was not finite
    STOPPED = "stopped"  # early stopping or a deadline ended it
    FAILED = "failed"  # an error; the message says which
    CANCELLED = "cancelled"


class StoppingKind(StrEnum):
    """Rules that end trials early."""

    ASHA = "asha"
    HALVING = "halving"
    MEDIAN = "median"


class StoppingMetric(StrEnum):
    """What such a rule compares; less is better."""

    TRAIN_LOSS = "train_loss"
    TRAIN_ERROR = "train_error"
    EVAL_LOSS = "eval_loss"
    EVAL_ERROR = "eval_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetShape:
    """What the planner must know of a data set without loading it.

    Attributes:
        name: Name in specs and rows.
        n_inputs: Dimensions of one sample.
        n_classes: Number of labels; 0 if the data set has none (autoencode only).
        n_train: Samples of the training split.
        n_eval: Samples of the test split.
    """

    name: str
    n_inputs: int
    n_classes: int
    n_train: int
    n_eval: int

    def n_outputs(self, task: Task) -> int:
        """Return the width of the last layer for a task."""
        return self.n_inputs if task is Task.AUTOENCODE else self.n_classes


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSpec:
    """Everything that decides a trial's curve, resolved to numbers.

    A curve is a function of this value alone: not of the pack, its order, the number of
    workers, or a crash. `trial_id` labels it and decides nothing.

    Attributes:
        trial_id: Key of the trial's row.
        dataset: Name of a data set.
        task: Loss and outputs.
        kind: Architecture; ``"ffn"`` is the feed-forward network of [SA14].
        activation: Nonlinearity of the hidden layers.
        slope: Negative-side slope; used by ``leaky_relu`` only.
        depth: Hidden layers D, at least 1; the network has D + 1 matrices.
        width: Units per hidden layer N, at least 1.
        scheme: How initial weights are drawn.
        g: Multiplier of the D - 1 hidden matrices' unit draw.
        g_in: Multiplier of the first matrix's.
        g_out: Multiplier of the last matrix's.
        epochs: Passes over the training set; 0 records the initial network only.
        batch_size: Samples per step; the last batch of an epoch may be smaller.
        optimizer: Update rule.
        momentum: SGD momentum.
        nesterov: Whether SGD looks ahead.
        weight_decay: L2 coefficient added to the gradient (biases included).
        clip_norm: Bound of the global gradient norm, or None.
        beta1: Adam's first-moment decay.
        beta2: Adam's second-moment decay.
        eps: Adam's denominator offset.
        learning_rate: Base rate after every rule (`effective_lr` in rows).
        schedule: How the rate moves from there.
        precision: Arithmetic.
        seed: Decides data order and initial draws.
        engine: Implementation that runs it, chosen by fixed rules at planning.
        profile_epochs: Epochs whose layer profiles are reported, ascending, none above
            `epochs`. They decide what is looked at, and nothing of the curve.
        predicted_drift: Mean of the initial network's ``ln(|delta_1| / |delta_D|)`` by theory, in
            nats; None where there is no prediction. Likewise nothing of the curve.
        predicted_spread: Standard deviation of it; None as well then.
    """

    trial_id: UUID
    dataset: str
    task: Task
    kind: str
    activation: Activation
    slope: float
    depth: int
    width: int
    scheme: Scheme
    g: float
    g_in: float
    g_out: float
    epochs: int
    batch_size: int
    optimizer: OptimizerKind
    momentum: float
    nesterov: bool
    weight_decay: float
    clip_norm: float | None
    beta1: float
    beta2: float
    eps: float
    learning_rate: float
    schedule: Schedule
    precision: Precision
    seed: int
    engine: EngineName
    profile_epochs: tuple[int, ...] = ()
    predicted_drift: float | None = None
    predicted_spread: float | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """An ordered queue of trials that share a data set and run on one actor."""

    dataset: str
    specs: tuple[TrialSpec, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An amount for each kind of work: how often it is done, or the seconds that one takes.

    Every number counts by its size: one of float32 as one, one of float64 as two.

    Attributes:
        steps: Training steps of a pack, however many trials take part.
        trial_steps: Trials that take part in a step.
        epoch_ends: Records of an epoch, epoch 0 included.
        starts: Trials that begin.
        layer_passes: Hidden layers passed through, forward, back or for a gradient.
        elementwise_calls: Calls that an activation or an update takes besides.
        probed_layers: Hidden layers of which a network's gradient norms are taken.
        started_layers: Hidden layers that are drawn and walked through.
        profiled_layers: Hidden layers in layer profiles.
        products: Multiply-adds of matrix products.
        activations: Units times samples, in every pass through their layer.
        exponentials: Values of a smooth activation, of its derivative, or of the loss.
        samples: Samples that are gathered and have a loss.
        weight_passes: Parameters, in every pass through their layer.
        updates: Parameters, in every operation of an update besides plain SGD's.
        drawn_weights: Parameters that are drawn.
        profiled_activations: Units times samples in layer profiles.
        distant_bytes: What a step goes through beyond what stays in a processor's caches.
    """

    steps: float
    trial_steps: float
    epoch_ends: float
    starts: float
    layer_passes: float
    elementwise_calls: float
    probed_layers: float
    started_layers: float
    profiled_layers: float
    products: float
    activations: float
    exponentials: float
    samples: float
    weight_passes: float
    updates: float
    drawn_weights: float
    profiled_activations: float
    distant_bytes: float


@dataclass(frozen=True, slots=True)
class Residual:
    """How far a measured time is from the fit.

    Attributes:
        work: What was timed, in words.
        seconds: The time.
        ratio: That, divided by the fit's.
    """

    work: str
    seconds: float
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """How fast a device runs an engine: a linear model, fitted to measured times.

    Attributes:
        seconds_each: Seconds of one unit of each kind of work; 0 where none were found.
        residuals: Of the times that it was fitted to.
    """

    seconds_each: Work
    residuals: tuple[Residual, ...]

    @property
    def spread(self) -> float:
        """The root mean square of ln(measured / fitted)."""
        logs = [log(each.ratio) for each in self.residuals]
        return sqrt(sum(each * each for each in logs) / len(logs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What a worker measured of its device and an engine.

    Attributes:
        device_type: ``"cpu"`` or ``"cuda"``.
        device: The processor's model; for a CPU with its number of threads.
        engine: Implementation of the training step.
        versions: What the timings are good for: those of what computes, and of the way they are
            measured.
        actors: Workers that the sweep had on such devices.
        timings: Seconds by kind of work.
    """

    device_type: str
    device: str
    engine: EngineName
    versions: str
    actors: int
    timings: Timings


TrialReport = TrialStart | InitialWalk | EpochRecord | LayerProfile | StoppingDecision | TrialEnd
"""What is told of one trial."""

Report = TrialReport | Calibration
