"""What a kind of network has to say of itself."""

from collections.abc import Mapping
from typing import Protocol

from workers.architectures.hyperparameters import Hyperparameter
from workers.architectures.parameters import ParameterGroup
from workers.architectures.program import Layer, LayerRule
from workers.architectures.walks import WalkQuestion
from workers.contract import Activation, Network, Scheme


class Architecture(Protocol):
    """A kind of network: pure functions of its hyper-parameters, without torch."""

    @property
    def kind(self) -> str:
        """Name in specs and rows."""
        ...

    @property
    def description(self) -> str:
        """One sentence for the schema of specs."""
        ...

    @property
    def hyperparameters(self) -> tuple[Hyperparameter, ...]:
        """What a spec may write besides activation, slope, depth and width."""
        ...

    @property
    def network_type(self) -> type[Network]:
        """The dataclass of a resolved network, with a field for each hyper-parameter."""
        ...

    def network(
        self,
        *,
        activation: Activation,
        slope: float,
        depth: int,
        width: int,
        hyperparameters: Mapping[str, float],
    ) -> Network:
        """Return a resolved network of this kind.

        Args:
            activation: Nonlinearity of the hidden layers.
            slope: Negative-side slope of leaky_relu.
            depth: Hidden layers, at least 1.
            width: Units per hidden layer, at least 1.
            hyperparameters: A number for each of `hyperparameters`, by name.
        """
        ...

    def parameters(
        self, network: Network, n_inputs: int, n_outputs: int
    ) -> tuple[ParameterGroup, ...]:
        """Return the groups of parameters, in the order in which states are saved.

        Args:
            network: One of this kind.
            n_inputs: Dimensions of one sample.
            n_outputs: Dimensions of the output.
        """
        ...

    def hidden_rule(self, network: Network) -> LayerRule:
        """Return the rule of the hidden layers behind the first one, of which all have the same."""
        ...

    def layers(self, network: Network) -> tuple[Layer, ...]:
        """Return the layers, input side first; the last is linear and gives the outputs."""
        ...

    def walk(
        self, network: Network, *, scheme: Scheme, g_in: float, n_inputs: int
    ) -> WalkQuestion | None:
        """Return what the law of a random network's walk depends on; None where there is none.

        Where it is None, no prediction is made and none is stored.
        """
        ...

    def gain_walk(self, network: Network, *, scheme: Scheme, g_in: float) -> WalkQuestion:
        """Return the walk whose drift the unbiased g takes away: of ``g: auto`` and ``relative``.

        It is the network's own where that has a law, else that of its layers without skips.
        """
        ...
