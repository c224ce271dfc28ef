"""What of a trial decides how much it takes; its rates, gains and seed do not."""

from dataclasses import dataclass, fields

from workers.contract import (
    Activation,
    DatasetShape,
    EngineName,
    OptimizerKind,
    Precision,
    Task,
    TrialSpec,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialShape:
    """The sizes of a trial; attributes as in `TrialSpec`.

    Attributes:
        profiles: How many layer profiles it reports.
    """

    task: Task
    activation: Activation
    slope: float
    depth: int
    width: int
    epochs: int
    batch_size: int
    optimizer: OptimizerKind
    momentum: float
    nesterov: bool
    weight_decay: float
    clip_norm: float | None
    precision: Precision
    engine: EngineName
    profiles: int = 0

    @classmethod
    def of(cls, spec: TrialSpec) -> "TrialShape":
        """Return the shape of a trial."""
        same = {name: getattr(spec, name) for name in _SAME}
        return cls(**same, profiles=len(spec.profile_epochs))

    @property
    def number_bytes(self) -> int:
        """Bytes of one number of the training step."""
        return 8 if self.precision is Precision.FLOAT64 else 4

    @property
    def kinds(self) -> int:
        """How many numbers there are for each parameter: itself, and optimizer state."""
        if self.optimizer is OptimizerKind.ADAM:
            return 3
        return 2 if self.momentum != 0.0 else 1

    @property
    def keeps_input(self) -> bool:
        """Whether the activation's derivative is taken of its input, which then stays as well."""
        if self.activation is Activation.LEAKY_RELU:
            return self.slope < 0.0
        return self.activation in _DERIVED_OF_INPUT

    def rows(self, dataset: DatasetShape) -> int:
        """Return the samples of a full minibatch."""
        return min(self.batch_size, dataset.n_train)

    def parameters(self, dataset: DatasetShape) -> int:
        """Return the number of weights and biases."""
        n_outputs = dataset.n_outputs(self.task)
        hidden = (self.depth - 1) * (self.width + 1) * self.width
        return (dataset.n_inputs + 1) * self.width + hidden + (self.width + 1) * n_outputs


_SAME = tuple(field.name for field in fields(TrialShape) if field.name != "profiles")
_DERIVED_OF_INPUT = frozenset(
    {
        Activation.SELU,
        Activation.ELU,
        Activation.ERF,
        Activation.SOFTPLUS,
        Activation.GELU,
        Activation.SILU,
        Activation.SINE,
    }
)
