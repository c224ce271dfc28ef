"""Properties in which all trials of a pack have to agree."""

from dataclasses import dataclass, fields

from workers.architectures import Skip
from workers.contract import (
    Activation,
    DatasetShape,
    Loss,
    OptimizerKind,
    Precision,
    Task,
    TrialSpec,
)
from workers.estimates.shapes import TrialShape, keeps_input


@dataclass(frozen=True, slots=True, kw_only=True)
class PackShape:
    """Properties that all trials of a pack share, so that one batched product trains them.

    Attributes:
        loss: Loss that training steps minimize.
        batch_rows: Samples of a full minibatch.
        width: Units per hidden layer.
        n_inputs: Dimensions of one sample.
        n_outputs: Dimensions of the output.
        activation: Nonlinearity of the hidden layers.
        slope: Negative-side slope; 0 unless the activation is ``leaky_relu``.
        skip: Skip of the hidden layers; the gains may differ between trials.
        shares_filter: Whether a trial's hidden layers share one fixed matrix of their skip.
        optimizer: Update rule.
        precision: Floating-point type of the training step.
    """

    loss: Loss
    batch_rows: int
    width: int
    n_inputs: int
    n_outputs: int
    activation: Activation
    slope: float
    skip: Skip
    shares_filter: bool
    optimizer: OptimizerKind
    precision: Precision

    @classmethod
    def of(cls, spec: TrialSpec, dataset: DatasetShape) -> "PackShape":
        """Return the shape that a pack needs to train a trial."""
        return cls.of_shape(TrialShape.of(spec.configuration), dataset)

    @classmethod
    def of_shape(cls, trial: TrialShape, dataset: DatasetShape) -> "PackShape":
        """Return the shape that a pack needs to train trials of a shape."""
        network = trial.network
        has_slope = network.activation is Activation.LEAKY_RELU
        return cls(
            loss=trial.loss,
            batch_rows=trial.rows(dataset),
            width=network.width,
            n_inputs=dataset.n_inputs,
            n_outputs=dataset.n_outputs(trial.task),
            activation=network.activation,
            slope=network.slope if has_slope else 0.0,
            skip=trial.skip,
            shares_filter=trial.shares_filter,
            optimizer=trial.optimizer.kind,
            precision=trial.precision,
        )

    @property
    def task(self) -> Task:
        """Task of the networks."""
        return self.loss.task

    @property
    def keeps_input(self) -> bool:
        """Whether the input of the nonlinearity stays until the backward pass."""
        return keeps_input(self.activation, self.slope)

    @property
    def has_skips(self) -> bool:
        """Whether the hidden layers have a skip."""
        return self.skip is not Skip.NONE

    @property
    def has_filters(self) -> bool:
        """Whether the skip is a matrix of its own, not the identity."""
        return self.skip in (Skip.ORTHOGONAL, Skip.PERMUTATION)

    def differences(self, other: "PackShape") -> list[str]:
        """Return the names of the attributes in which another shape differs."""
        names = [field.name for field in fields(self)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]
