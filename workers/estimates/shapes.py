"""Properties of a configuration that decide the memory and time of its trials.

Learning rates, gains and seeds are not among them.
"""

from dataclasses import dataclass

from workers.architectures import ParameterGroup, Skip, architecture_of, parameter_count
from workers.contract import (
    DERIVED_OF_INPUT,
    Activation,
    Configuration,
    DatasetShape,
    EngineName,
    Loss,
    Network,
    Optimizer,
    OptimizerKind,
    Precision,
    Task,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialShape:
    """Properties of a trial that decide its memory and time.

    Attributes:
        loss: Loss that training steps minimize.
        network: The architecture and its hyper-parameters.
        optimizer: Update rule.
        epochs: Passes over the training set.
        batch_size: Samples per step.
        precision: Floating-point type of the training step.
        engine: Implementation that runs the trial.
        profiles: Number of layer profiles.
    """

    loss: Loss
    network: Network
    optimizer: Optimizer
    epochs: int
    batch_size: int
    precision: Precision
    engine: EngineName
    profiles: int = 0

    @classmethod
    def of(cls, configuration: Configuration) -> "TrialShape":
        """Return the shape of a configuration's trials."""
        training = configuration.training
        return cls(
            loss=training.loss(configuration.task),
            network=configuration.network,
            optimizer=training.optimizer,
            epochs=training.epochs,
            batch_size=training.batch_size,
            precision=training.precision,
            engine=configuration.engine,
            profiles=len(configuration.profile_epochs),
        )

    @property
    def task(self) -> Task:
        """Task of the network."""
        return self.loss.task

    @property
    def number_bytes(self) -> int:
        """Bytes of one number of the training step."""
        return 8 if self.precision is Precision.FLOAT64 else 4

    @property
    def kinds(self) -> int:
        """Numbers stored for each parameter: its value, and optimizer state."""
        if self.optimizer.kind is OptimizerKind.ADAM:
            return 3
        return 2 if self.optimizer.momentum != 0.0 else 1

    @property
    def skip(self) -> Skip:
        """Skip of the hidden layers behind the first one."""
        return architecture_of(self.network).hidden_rule(self.network).skip

    @property
    def shares_filter(self) -> bool:
        """Whether one fixed matrix is the skip of all hidden layers."""
        return any(group.shared for group in self._groups(1, 1) if not group.trainable)

    def fixed_bytes(self) -> int:
        """Return the bytes of the matrices that are not trained; permutations are whole numbers."""
        size = 8 if self.skip is Skip.PERMUTATION else self.number_bytes
        return size * self.fixed_numbers()

    def filter_products(self) -> int:
        """Return the multiplications by fixed matrices when one sample passes the network."""
        if self.skip is not Skip.ORTHOGONAL:
            return 0
        return (self.network.depth - 1) * self.network.width**2

    def fixed_numbers(self) -> int:
        """Return the count of numbers of the matrices that are not trained."""
        return sum(group.weights for group in self._groups(1, 1) if not group.trainable)

    @property
    def gated(self) -> bool:
        """Whether the hidden layers behind the first one have a gate."""
        return architecture_of(self.network).hidden_rule(self.network).gated

    @property
    def keeps_input(self) -> bool:
        """Whether inputs of the activation are kept: its derivative is computed from them."""
        return keeps_input(self.network.activation, self.network.slope)

    def rows(self, dataset: DatasetShape) -> int:
        """Return the number of samples of a full minibatch."""
        return min(self.batch_size, dataset.n_train)

    def parameters(self, dataset: DatasetShape) -> int:
        """Return the number of weights and biases that are trained."""
        return parameter_count(self._groups(dataset.n_inputs, dataset.n_outputs(self.task)))

    def _groups(self, n_inputs: int, n_outputs: int) -> tuple[ParameterGroup, ...]:
        return architecture_of(self.network).parameters(self.network, n_inputs, n_outputs)


def keeps_input(activation: Activation, slope: float) -> bool:
    """Return whether an activation's derivative is computed from its input.

    Args:
        activation: The activation.
        slope: Negative-side slope; only used for ``leaky_relu``.
    """
    if activation is Activation.LEAKY_RELU:
        # With a negative slope the output's sign does not tell the input's.
        return slope < 0.0
    return activation in DERIVED_OF_INPUT
