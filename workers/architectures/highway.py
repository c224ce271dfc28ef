"""The highway network of [SGS15]: ``h' = T * f(W h + b) + (1 - T) * h``.

The gate ``T = sigmoid(W_T h + b_T)`` is computed from the input of its layer. The first layer is
plain and the last is linear.

References:
    [SGS15] R. K. Srivastava, K. Greff, J. Schmidhuber, Highway Networks, arXiv:1505.00387.
"""

from dataclasses import dataclass

from workers.architectures.feed_forward import chain_layers, chain_parameters, plain_walk
from workers.architectures.hyperparameters import HyperIssue, Hypers, NumberHyperparameter
from workers.architectures.parameters import MatrixLaw, ParameterGroup
from workers.architectures.program import Layer, LayerRule, Skip
from workers.architectures.walks import WalkQuestion
from workers.contract import Activation, Network, OptimizerKind, Scheme


@dataclass(frozen=True, slots=True, kw_only=True)
class HighwayNetwork(Network):
    """A network in which every hidden layer except the first has a gate.

    Attributes:
        gate_bias: Initial value of every b_T. With a negative one the layers begin by carrying
            their inputs on.
    """

    gate_bias: float


class HighwayArchitecture:
    """Description of the kind ``"highway"``."""

    kind = "highway"
    description = "A highway network: h' = T f(W h + b) + (1 - T) h, T = sigmoid(W_T h + b_T)."
    hyperparameters = (
        NumberHyperparameter(
            name="gate_bias",
            description="a number above -100 and at most 100",
            # [SGS15] trains 50 layers with -2 and more with -4.
            default=-2.0,
            above=-100.0,
            at_most=100.0,
        ),
    )
    network_type = HighwayNetwork

    def network(
        self,
        *,
        activation: Activation,
        slope: float,
        depth: int,
        width: int,
        written: Hypers,
    ) -> HighwayNetwork:
        """Return a resolved network; ``written`` contains ``gate_bias``."""
        return HighwayNetwork(
            kind=self.kind,
            activation=activation,
            slope=slope,
            depth=depth,
            width=width,
            gate_bias=float(written["gate_bias"]),
        )

    def hyper_issue(self, depth: int, written: Hypers) -> HyperIssue | None:
        """Return None: every ``gate_bias`` can be used."""
        return None

    def branch_lr_power(self, optimizer: OptimizerKind) -> float:
        """Return 0: the branches have no gain but the gates."""
        return 0.0

    def parameters(
        self, network: Network, n_inputs: int, n_outputs: int
    ) -> tuple[ParameterGroup, ...]:
        """Return the groups of the feed-forward network of these sizes, and those of the gates."""
        if not isinstance(network, HighwayNetwork):
            raise TypeError(f"a highway network has a gate_bias; given {network}")
        gates = ParameterGroup(
            name="gate",
            fan_out=network.width,
            fan_in=network.width,
            count=network.depth - 1,
            stream=1,
            family="gate",
            # Not by the scheme, so that g changes the branches alone.
            draw=MatrixLaw.NORMAL,
            bias=network.gate_bias,
        )
        return (*chain_parameters(network, n_inputs, n_outputs), gates)

    def hidden_rule(self, network: Network) -> LayerRule:
        """Return the rule with an identity skip and a gate."""
        return LayerRule(skip=Skip.IDENTITY, gated=True)

    def layers(self, network: Network) -> tuple[Layer, ...]:
        """Return a plain first layer, D - 1 with a gate, and a linear last one."""
        return chain_layers(network.depth, self.hidden_rule(network), gate_group="gate")

    def walk(
        self, network: Network, *, scheme: Scheme, g_in: float, n_inputs: int
    ) -> WalkQuestion | None:
        """Return None: no law is known for the walk of a network with gates."""
        return None

    def gain_walk(self, network: Network, *, scheme: Scheme, g_in: float) -> WalkQuestion:
        """Return the walk of the network's branches alone."""
        return plain_walk(network, scheme=scheme, g_in=g_in)
