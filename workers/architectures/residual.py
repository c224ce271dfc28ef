"""The residual network: ``h' = h + branch_scale * f(W h + b)`` behind a plain first layer."""

from collections.abc import Mapping
from dataclasses import dataclass

from workers.architectures.feed_forward import chain_layers, chain_parameters, plain_walk
from workers.architectures.hyperparameters import AUTO, Hyperparameter
from workers.architectures.parameters import ParameterGroup
from workers.architectures.program import Layer, LayerRule, Skip
from workers.architectures.walks import WalkQuestion
from workers.contract import Activation, Network, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualNetwork(Network):
    """A network with identity skips.

    Attributes:
        branch_scale: Factor of each hidden layer's branch.
    """

    branch_scale: float


def _branch_scale(depth: int, width: int) -> float:
    return float(depth**-0.5)


class ResidualArchitecture:
    """Describes the kind ``"residual"``."""

    kind = "residual"
    description = "A residual network: h' = h + branch_scale * f(W h + b)."
    hyperparameters: tuple[Hyperparameter, ...] = (
        Hyperparameter(
            name="branch_scale",
            description="auto or a number above 0",
            default=AUTO,
            above=0.0,
            at_most=1e6,
            auto=_branch_scale,
        ),
    )
    network_type = ResidualNetwork

    def network(
        self,
        *,
        activation: Activation,
        slope: float,
        depth: int,
        width: int,
        hyperparameters: Mapping[str, float],
    ) -> Network:
        """Return a resolved network; ``hyperparameters`` has the branch scale."""
        return ResidualNetwork(
            kind=self.kind,
            activation=activation,
            slope=slope,
            depth=depth,
            width=width,
            branch_scale=hyperparameters["branch_scale"],
        )

    def parameters(
        self, network: Network, n_inputs: int, n_outputs: int
    ) -> tuple[ParameterGroup, ...]:
        """Return the first matrix, the D - 1 hidden ones and the last."""
        return chain_parameters(network, n_inputs, n_outputs)

    def hidden_rule(self, network: Network) -> LayerRule:
        """Return the rule with the identity skip."""
        assert isinstance(network, ResidualNetwork)
        return LayerRule(skip=Skip.IDENTITY, branch_gain=network.branch_scale)

    def layers(self, network: Network) -> tuple[Layer, ...]:
        """Return D + 1 layers, skips around the hidden ones behind the first."""
        return chain_layers(network.depth, self.hidden_rule(network))

    def walk(
        self, network: Network, *, scheme: Scheme, g_in: float, n_inputs: int
    ) -> WalkQuestion | None:
        """Return None: no law is known."""
        return None

    def gain_walk(self, network: Network, *, scheme: Scheme, g_in: float) -> WalkQuestion:
        """Return the walk of the layers without skips."""
        return plain_walk(network, scheme=scheme, g_in=g_in)
