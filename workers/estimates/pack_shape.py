"""What the trials of a pack have to agree on."""

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
    """What all trials of a pack share: equal shapes can be trained as one batched product.

    Attributes:
        loss: What steps descend.
        batch_rows: Samples of a full minibatch.
        width: Units per hidden layer.
        n_inputs: Dimensions of one sample.
        n_outputs: Dimensions of the output.
        activation: Nonlinearity of the hidden layers.
        slope: Its slope; 0 where it has none.
        skip: Skip of the hidden layers; its gain and the branch's may differ between trials.
        optimizer: Update rule.
        precision: Arithmetic.
    """

    loss: Loss
    batch_rows: int
    width: int
    n_inputs: int
    n_outputs: int
    activation: Activation
    slope: float
    skip: Skip
    optimizer: OptimizerKind
    precision: Precision

    @classmethod
    def of(cls, spec: TrialSpec, dataset: DatasetShape) -> "PackShape":
        """Return the shape of the packs that a trial fits into."""
        return cls.of_shape(TrialShape.of(spec.configuration), dataset)

    @classmethod
    def of_shape(cls, trial: TrialShape, dataset: DatasetShape) -> "PackShape":
        """Return the shape of the packs that trials of a shape fit into."""
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
            optimizer=trial.optimizer.kind,
            precision=trial.precision,
        )

    @property
    def task(self) -> Task:
        """What the networks learn."""
        return self.loss.task

    @property
    def keeps_input(self) -> bool:
        """Whether the input of the nonlinearity stays until the backward pass."""
        return keeps_input(self.activation, self.slope)

    @property
    def has_skips(self) -> bool:
        """Whether a layer's output is another than its nonlinearity's."""
        return self.skip is not Skip.NONE

    def differences(self, other: "PackShape") -> list[str]:
        """Return the names of the attributes in which another shape differs."""
        names = [field.name for field in fields(self)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]
