"""A trial as a worker gets it: a configuration, resolved to numbers, and a seed."""

from dataclasses import dataclass
from uuid import UUID

from workers.contract.names import (
    Activation,
    EngineName,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
)
from workers.schedules import Schedule


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
class Network:
    """The hyper-parameters that every kind of network has; a kind with more of them extends it.

    Attributes:
        kind: Name of the architecture, a key of `workers.architectures.ARCHITECTURES`.
        activation: Nonlinearity f of the hidden layers.
        slope: Negative-side slope; used by ``leaky_relu`` only.
        depth: Hidden layers D, at least 1; the network has D + 1 matrices.
        width: Units per hidden layer N, at least 1.
    """

    kind: str
    activation: Activation
    slope: float
    depth: int
    width: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Init:
    """How initial weights are drawn.

    Attributes:
        scheme: Law of the unit draw.
        g: Multiplier of the hidden matrices' unit draw.
        g_in: Multiplier of the first matrix's.
        g_out: Multiplier of the last matrix's.
    """

    scheme: Scheme
    g: float
    g_in: float
    g_out: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """The update rule; fields that its kind does not use keep their defaults.

    Attributes:
        kind: Which rule.
        momentum: SGD momentum.
        nesterov: Whether SGD looks ahead.
        weight_decay: L2 coefficient added to the gradient (biases included).
        clip_norm: Bound of the global gradient norm, or None.
        beta1: Adam's first-moment decay.
        beta2: Adam's second-moment decay.
        eps: Adam's denominator offset.
    """

    kind: OptimizerKind = OptimizerKind.SGD
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    clip_norm: float | None = None
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """The loss that steps descend.

    Attributes:
        task: Softmax cross-entropy where the task is to classify, else mean squared error.
        label_smoothing: Share of each target that is spread evenly over all classes; 0 where the
            task is not to classify.
    """

    task: Task
    label_smoothing: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How the weights are moved.

    Attributes:
        epochs: Passes over the training set; 0 records the initial network only.
        batch_size: Samples per step; the last batch of an epoch may be smaller.
        learning_rate: Base rate after every rule (`effective_lr` in rows).
        schedule: How the rate moves from there.
        optimizer: Update rule.
        precision: Arithmetic.
        label_smoothing: Share of each target that is spread evenly over all classes, below 1.
            Full passes measure the loss without it.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: Schedule
    optimizer: Optimizer
    precision: Precision
    label_smoothing: float = 0.0

    def loss(self, task: Task) -> Loss:
        """Return the loss of a task, with the options that belong to it."""
        smoothing = self.label_smoothing if task is Task.CLASSIFY else 0.0
        return Loss(task=task, label_smoothing=smoothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What theory says of the initial network's ``ln(|delta_1| / |delta_D|)``.

    Attributes:
        drift: Its mean, in nats.
        spread: Its standard deviation, in nats.
    """

    drift: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A point of a sweep, resolved to numbers: everything of a trial but its seed.

    Attributes:
        dataset: Name of a data set.
        task: Loss and outputs.
        network: The architecture and its hyper-parameters.
        init: How initial weights are drawn.
        training: How they are moved.
        engine: Implementation that runs it, chosen by fixed rules at planning.
        profile_epochs: Epochs whose layer profiles are reported, ascending, none above
            ``training.epochs``. They decide what is looked at, and nothing of the curve.
        prediction: The predicted walk of the initial network; None where there is none. It
            decides nothing of the curve either.
    """

    dataset: str
    task: Task
    network: Network
    init: Init
    training: Training
    engine: EngineName
    profile_epochs: tuple[int, ...] = ()
    prediction: Prediction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialSpec:
    """Everything that decides a trial's curve: a configuration and a seed.

    A curve is a function of these two alone: not of the pack, its order, the number of
    workers, or a crash.

    Attributes:
        trial_id: Key of the trial's row; it labels the trial and decides nothing.
        seed: Decides data order and initial draws.
        configuration: Everything else; trials of several seeds share it.
    """

    trial_id: UUID
    seed: int
    configuration: Configuration

    @property
    def dataset(self) -> str:
        """Name of the data set."""
        return self.configuration.dataset

    @property
    def task(self) -> Task:
        """Loss and outputs."""
        return self.configuration.task

    @property
    def loss(self) -> Loss:
        """The loss that steps descend."""
        return self.configuration.training.loss(self.configuration.task)

    @property
    def network(self) -> Network:
        """The architecture and its hyper-parameters."""
        return self.configuration.network

    @property
    def init(self) -> Init:
        """How initial weights are drawn."""
        return self.configuration.init

    @property
    def training(self) -> Training:
        """How they are moved."""
        return self.configuration.training

    @property
    def optimizer(self) -> Optimizer:
        """The update rule."""
        return self.configuration.training.optimizer

    @property
    def engine(self) -> EngineName:
        """Implementation that runs the trial."""
        return self.configuration.engine


@dataclass(frozen=True, slots=True)
class Pack:
    """An ordered queue of trials that share a data set and run on one actor."""

    dataset: str
    specs: tuple[TrialSpec, ...]
