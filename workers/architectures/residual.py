"""The residual network: ``h' = h + branch_scale * f(W h + b)`` after a plain first layer."""

from dataclasses import dataclass

from workers.architectures.feed_forward import chain_layers, chain_parameters, plain_walk
from workers.architectures.hyperparameters import (
    AUTO,
    HyperIssue,
    Hypers,
    NumberHyperparameter,
    number_or,
)
from workers.architectures.parameters import ParameterGroup
from workers.architectures.program import Layer, LayerRule, Skip
from workers.architectures.walks import WalkQuestion
from workers.contract import Activation, Network, OptimizerKind, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidualNetwork(Network):
    """A network in which every hidden layer except the first adds its branch to its input.

    Attributes:
        branch_scale: Factor of the branch.
    """

    branch_scale: float


class ResidualArchitecture:
    """Description of the kind ``"residual"``."""

    kind = "residual"
    description = "A residual network: h' = h + branch_scale * f(W h + b)."
    hyperparameters = (
        NumberHyperparameter(
            name="branch_scale",
            description="auto or a number above 0",
            default=AUTO,
            above=0.0,
            at_most=1e6,
            allows_auto=True,
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
        written: Hypers,
    ) -> ResidualNetwork:
        """Return a resolved network; ``written`` contains ``branch_scale``."""
        return ResidualNetwork(
            kind=self.kind,
            activation=activation,
            slope=slope,
            depth=depth,
            width=width,
            # The sum of D independent branches of this scale has the size of one branch.
            branch_scale=number_or(written["branch_scale"], depth**-0.5),
        )

    def hyper_issue(self, depth: int, written: Hypers) -> HyperIssue | None:
        """Return None: every ``branch_scale`` can be used."""
        return None

    def branch_lr_power(self, optimizer: OptimizerKind) -> float:
        """Return 0: D branches of scale 1 / sqrt(D) learn as fast together as one of scale 1."""
        return 0.0

    def parameters(
        self, network: Network, n_inputs: int, n_outputs: int
    ) -> tuple[ParameterGroup, ...]:
        """Return the groups of the feed-forward network of these sizes."""
        return chain_parameters(network, n_inputs, n_outputs)

    def hidden_rule(self, network: Network) -> LayerRule:
        """Return the rule with an identity skip and the network's ``branch_scale``."""
        if not isinstance(network, ResidualNetwork):
            raise TypeError(f"a residual network has a branch_scale; given {network}")
        return LayerRule(skip=Skip.IDENTITY, branch_gain=network.branch_scale)

    def layers(self, network: Network) -> tuple[Layer, ...]:
        """Return a plain first layer, D - 1 with a skip, and a linear last one."""
        return chain_layers(network.depth, self.hidden_rule(network))

    def walk(
        self, network: Network, *, scheme: Scheme, g_in: float, n_inputs: int
    ) -> WalkQuestion | None:
        """Return None: no law is known for the walk of a network with skips."""
        return None

    def gain_walk(self, network: Network, *, scheme: Scheme, g_in: float) -> WalkQuestion:
        """Return the walk of the network's layers without skips."""
        return plain_walk(network, scheme=scheme, g_in=g_in)
