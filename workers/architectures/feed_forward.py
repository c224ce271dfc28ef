"""The feed-forward network of [SA14]: ``h' = f(W h + b)``, and a linear layer at the end.

References:
    [SA14] arXiv:1412.6558, listed in `rwinit.laws`.
"""

from functools import lru_cache

from workers.architectures.hyperparameters import HyperIssue, Hyperparameter, Hypers
from workers.architectures.parameters import Factor, ParameterGroup
from workers.architectures.program import LINEAR, PLAIN, Layer, LayerRule, Source
from workers.architectures.walks import EXACT, LAWS, WalkQuestion, weights_of
from workers.contract import Activation, Network, OptimizerKind, Scheme

LAST_STREAM = "out"
"""Stream of the last matrix. It has a name, not a number, so that networks of every depth share
this matrix's draw."""


class FeedForwardArchitecture:
    """Description of the kind ``"ffn"``."""

    kind = "ffn"
    description = "A feed-forward network: h' = f(W h + b)."
    hyperparameters: tuple[Hyperparameter, ...] = ()
    network_type = Network

    def network(
        self,
        *,
        activation: Activation,
        slope: float,
        depth: int,
        width: int,
        written: Hypers,
    ) -> Network:
        """Return a resolved network; ``written`` is empty."""
        return Network(kind=self.kind, activation=activation, slope=slope, depth=depth, width=width)

    def hyper_issue(self, depth: int, written: Hypers) -> HyperIssue | None:
        """Return None: there are no hyper-parameters."""
        return None

    def branch_lr_power(self, optimizer: OptimizerKind) -> float:
        """Return 0: the branch has no gain."""
        return 0.0

    def parameters(
        self, network: Network, n_inputs: int, n_outputs: int
    ) -> tuple[ParameterGroup, ...]:
        """Return the first matrix, the D - 1 hidden ones and the last."""
        return chain_parameters(network, n_inputs, n_outputs)

    def hidden_rule(self, network: Network) -> LayerRule:
        """Return the rule of a layer without a skip."""
        return PLAIN

    def layers(self, network: Network) -> tuple[Layer, ...]:
        """Return D + 1 layers without skips."""
        return chain_layers(network.depth, PLAIN)

    def walk(
        self, network: Network, *, scheme: Scheme, g_in: float, n_inputs: int
    ) -> WalkQuestion | None:
        """Return the network's own walk; None if the scheme's matrices have no law."""
        question = plain_walk(network, scheme=scheme, g_in=g_in, n_inputs=n_inputs)
        return question if question.weights in LAWS else None

    def gain_walk(self, network: Network, *, scheme: Scheme, g_in: float) -> WalkQuestion:
        """Return the network's own walk."""
        return plain_walk(network, scheme=scheme, g_in=g_in)


def chain_parameters(network: Network, n_inputs: int, n_outputs: int) -> tuple[ParameterGroup, ...]:
    """Return the groups of a chain of layers of one width."""
    depth, width = network.depth, network.width
    return (
        ParameterGroup(
            name="first", fan_out=width, fan_in=n_inputs, count=1, stream=0, factor=Factor.G_IN
        ),
        # Streams count from the input, so that deeper networks share the draws of shallower ones.
        ParameterGroup(
            name="hidden",
            fan_out=width,
            fan_in=width,
            count=depth - 1,
            stream=1,
            carries_branch_gain=True,
        ),
        ParameterGroup(
            name="last",
            fan_out=n_outputs,
            fan_in=width,
            count=1,
            stream=LAST_STREAM,
            factor=Factor.G_OUT,
            is_readout=True,
        ),
    )


# All trials of a depth share one program; the deepest networks have 100,000 layers, for which
# building it anew for each trial would take long.
@lru_cache(maxsize=16)
def chain_layers(
    depth: int,
    rule: LayerRule,
    *,
    skip_group: str | None = None,
    shared_skip: bool = False,
    gate_group: str | None = None,
) -> tuple[Layer, ...]:
    """Return a plain first layer, ``depth - 1`` hidden ones of a rule, and a linear last one.

    Args:
        depth: Hidden layers.
        rule: Formula of the hidden layers except the first one.
        skip_group: Group that contains their matrices S; None where S has no parameters.
        shared_skip: Whether all of them use the one matrix of that group.
        gate_group: Group of the gates; None without gates.
    """
    hidden = (
        Layer(
            source=Source.PREVIOUS,
            group="hidden",
            place=place,
            rule=rule,
            skip_group=skip_group,
            skip_place=0 if shared_skip or skip_group is None else place,
            gate_group=gate_group,
        )
        for place in range(depth - 1)
    )
    return (
        Layer(source=Source.SAMPLE, group="first", place=0, rule=PLAIN),
        *hidden,
        Layer(source=Source.PREVIOUS, group="last", place=0, rule=LINEAR),
    )


def plain_walk(
    network: Network, *, scheme: Scheme, g_in: float, n_inputs: int | None = None
) -> WalkQuestion:
    """Return the walk of a network's layers without skips."""
    activation, exact = network.activation, network.activation in EXACT
    return WalkQuestion(
        activation=activation,
        slope=network.slope if activation is Activation.LEAKY_RELU else 0.0,
        depth=network.depth,
        width=network.width,
        weights=weights_of(scheme),
        g_in=1.0 if exact else g_in,
        n_inputs=None if exact else n_inputs,
    )
