"""Interface that every kind of network implements."""

from typing import Protocol

from workers.architectures.hyperparameters import HyperIssue, Hyperparameter, Hypers
from workers.architectures.parameters import ParameterGroup
from workers.architectures.program import Layer, LayerRule
from workers.architectures.walks import WalkQuestion
from workers.contract import Activation, Network, OptimizerKind, Scheme


class Architecture(Protocol):
    """Description of one kind of network by pure functions of its hyper-parameters.

    An implementation imports neither torch nor Ray, so that the planner can use it.
    """

    @property
    def kind(self) -> str:
        """Name in specs and rows."""
        ...

    @property
    def description(self) -> str:
        """One sentence about the kind, for the schema of specs."""
        ...

    @property
    def hyperparameters(self) -> tuple[Hyperparameter, ...]:
        """Hyper-parameters of the kind besides activation, slope, depth and width."""
        ...

    @property
    def network_type(self) -> type[Network]:
        """Dataclass of a resolved network, with a field for each hyper-parameter."""
        ...

    def network(
        self,
        *,
        activation: Activation,
        slope: float,
        depth: int,
        width: int,
        written: Hypers,
    ) -> Network:
        """Return a resolved network of this kind.

        Args:
            activation: Nonlinearity of the hidden layers.
            slope: Negative-side slope of leaky_relu.
            depth: Hidden layers, at least 1.
            width: Units per hidden layer, at least 1.
            written: Value of each of the kind's `hyperparameters`, without a `hyper_issue`.
        """
        ...

    def hyper_issue(self, depth: int, written: Hypers) -> HyperIssue | None:
        """Return the reason why values of hyper-parameters cannot be used together; None if none.

        Args:
            depth: Hidden layers.
            written: Value of each of the kind's `hyperparameters`.
        """
        ...

    def branch_lr_power(self, optimizer: OptimizerKind) -> float:
        """Return the default power of the branch gain that multiplies learning rates.

        With it, one learning rate suits networks of every depth. It applies to groups whose
        gradients carry the branch gain.
        """
        ...

    def parameters(
        self, network: Network, n_inputs: int, n_outputs: int
    ) -> tuple[ParameterGroup, ...]:
        """Return the groups of parameters, in the order in which states are saved.

        Args:
            network: A network of this kind.
            n_inputs: Dimensions of one sample.
            n_outputs: Dimensions of the output.
        """
        ...

    def hidden_rule(self, network: Network) -> LayerRule:
        """Return the rule that all hidden layers except the first one follow."""
        ...

    def layers(self, network: Network) -> tuple[Layer, ...]:
        """Return the layers, input side first; the last is linear and gives the outputs."""
        ...

    def walk(
        self, network: Network, *, scheme: Scheme, g_in: float, n_inputs: int
    ) -> WalkQuestion | None:
        """Return the parameters on which the law of a random network's walk depends.

        Returns:
            None where no law is known; then no prediction is made and none is stored.
        """
        ...

    def gain_walk(self, network: Network, *, scheme: Scheme, g_in: float) -> WalkQuestion:
        """Return the walk whose drift is zero at the unbiased g of ``g: auto`` and ``relative``.

        This is the network's own walk where g can make its drift zero; else the walk of the network
        with its skips left out, or a walk whose unbiased g is 1 by definition
        (`WalkQuestion.has_unit_gain`).
        """
        ...
