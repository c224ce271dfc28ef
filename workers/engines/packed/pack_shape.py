"""What the trials of a pack have to agree on."""

from dataclasses import dataclass, fields

import torch

from workers.contract import (
    Activation,
    DatasetShape,
    OptimizerKind,
    Precision,
    Task,
    TrialSpec,
)

DTYPES = {Precision.FLOAT32: torch.float32, Precision.FLOAT64: torch.float64}


@dataclass(frozen=True, slots=True, kw_only=True)
class PackShape:
    """What all trials of a pack share.

    Attributes:
        task: Loss and outputs.
        batch_rows: Samples of a full minibatch.
        width: Units per hidden layer.
        n_inputs: Dimensions of one sample.
        n_outputs: Dimensions of the output.
        activation: Nonlinearity of the hidden layers.
        slope: Its slope; 0 where it has none.
        optimizer: Update rule.
        precision: Arithmetic.
    """

    task: Task
    batch_rows: int
    width: int
    n_inputs: int
    n_outputs: int
    activation: Activation
    slope: float
    optimizer: OptimizerKind
    precision: Precision

    @classmethod
    def of(cls, spec: TrialSpec, dataset: DatasetShape) -> "PackShape":
        """Return the shape of the packs that a trial fits into."""
        return cls(
            task=spec.task,
            batch_rows=min(spec.batch_size, dataset.n_train),
            width=spec.width,
            n_inputs=dataset.n_inputs,
            n_outputs=dataset.n_outputs(spec.task),
            activation=spec.activation,
            slope=spec.slope if spec.activation is Activation.LEAKY_RELU else 0.0,
            optimizer=spec.optimizer,
            precision=spec.precision,
        )

    @property
    def dtype(self) -> torch.dtype:
        return DTYPES[self.precision]

    def differences(self, other: "PackShape") -> list[str]:
        """Return the names of the attributes in which another shape differs."""
        names = [field.name for field in fields(self)]
        return [name for name in names if getattr(self, name) != getattr(other, name)]
