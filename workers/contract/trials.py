"""A trial as it is sent to a worker: a configuration, resolved to numbers, and a seed."""

from dataclasses import dataclass
from uuid import UUID

from workers.contract.names import (
    Activation,
    EngineName,
    Freeze,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
)
from workers.schedules import Schedule


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetShape:
    """Name and sizes of a data set, known without loading its samples.

    Attributes:
        name: Name in specs and rows.
        n_inputs: Dimensions of one sample.
        n_classes: Number of classes; 0 if the data set has no labels (autoencode only).
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
    """Hyper-parameters that every kind of network has; a kind with more of them is a subclass.

    Attributes:
        kind: Name of the architecture: a key of `workers.architectures.ARCHITECTURES`.
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
    """Initial weights: a unit draw of a scheme, times a factor for each group of matrices.

    Attributes:
        scheme: Law of the unit draw.
        g: Factor of the hidden matrices.
        g_in: Factor of the first matrix.
        g_out: Factor of the last matrix.
    """

    scheme: Scheme
    g: float
    g_in: float
    g_out: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizer:
    """Update rule; fields that its kind does not use keep their defaults.

    Attributes:
        kind: SGD or Adam.
        momentum: SGD momentum.
        nesterov: Whether SGD uses Nesterov momentum.
        weight_decay: L2 coefficient added to the gradient (biases included).
        clip_norm: Largest Euclidean norm of all gradients together; None does not clip.
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
    """Loss that training steps minimize.

    Attributes:
        task: ``classify`` for softmax cross-entropy, ``autoencode`` for mean squared error.
        label_smoothing: Share of each target that is spread evenly over all classes; 0 where the
            task is ``autoencode``.
    """

    task: Task
    label_smoothing: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Hyper-parameters of training.

    Attributes:
        epochs: Passes over the training set; 0 records the initial network only.
        batch_size: Samples per step; the last batch of an epoch may be smaller.
        learning_rate: Base rate after every scaling rule of the spec (`effective_lr` in rows).
        schedule: Factor of the base rate by step.
        optimizer: Update rule.
        precision: Floating-point type of the training step.
        label_smoothing: Share of each target that is spread evenly over all classes, below 1.
            Full passes measure the loss without it.
        branch_lr_factor: Factor of the learning rate of matrices whose gradients carry the branch
            gain of their layers.
        freeze: Part of the network that is not trained.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    schedule: Schedule
    optimizer: Optimizer
    precision: Precision
    label_smoothing: float = 0.0
    branch_lr_factor: float = 1.0
    freeze: Freeze = Freeze.NONE

    def loss(self, task: Task) -> Loss:
        """Return the loss of a task, with the options that apply to this task."""
        smoothing = self.label_smoothing if task is Task.CLASSIFY else 0.0
        return Loss(task=task, label_smoothing=smoothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """Predicted law of the initial network's ``ln(|delta_1| / |delta_D|)``.

    Attributes:
        drift: Mean, in nats.
        spread: Standard deviation, in nats.
    """

    drift: float
    spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """A point of a sweep, resolved to numbers: everything of a trial except its seed.

    Attributes:
        dataset: Name of a data set.
        task: Task of the network; it decides the loss and the number of outputs.
        network: The architecture and its hyper-parameters.
        init: Law of the initial weights.
        training: Hyper-parameters of training.
        engine: Implementation that runs the trial, chosen by fixed rules at planning.
        profile_epochs: Epochs whose layer profiles are reported, ascending, none above
            ``training.epochs``. They do not change the curve.
        prediction: Predicted law of the initial network's walk; None where there is none. It does
            not change the curve.
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
        trial_id: Key of the trial's row; the curve does not depend on it.
        seed: Seed of the data order and of the initial weights.
        configuration: Everything else; trials that differ only in their seed share it.
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
        """Task of the network."""
        return self.configuration.task

    @property
    def loss(self) -> Loss:
        """Loss that training steps minimize."""
        return self.configuration.training.loss(self.configuration.task)

    @property
    def network(self) -> Network:
        """The architecture and its hyper-parameters."""
        return self.configuration.network

    @property
    def init(self) -> Init:
        """Law of the initial weights."""
        return self.configuration.init

    @property
    def training(self) -> Training:
        """Hyper-parameters of training."""
        return self.configuration.training

    @property
    def optimizer(self) -> Optimizer:
        """Update rule."""
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
