"""Random orthogonal additive filters [Cen22]: ``h' = alpha * O h + beta * f(W h + b)``, O fixed.

With alpha = 1 - c / D and beta = c / D, gradients neither vanish nor explode at any depth D: the
log gradient norm of a random network is close to -c, whatever the width.

References:
    [Cen22] A. Ceni, Random orthogonal additive filters: a solution to the vanishing/exploding
        gradient of deep neural networks, arXiv:2210.01245.
"""

from dataclasses import dataclass
from enum import StrEnum

from workers.architectures.feed_forward import chain_layers, chain_parameters
from workers.architectures.hyperparameters import (
    AUTO,
    ChoiceHyperparameter,
    FlagHyperparameter,
    HyperIssue,
    Hypers,
    NumberHyperparameter,
    number_or,
)
from workers.architectures.parameters import MatrixLaw, ParameterGroup
from workers.architectures.program import Layer, LayerRule, Skip
from workers.architectures.walks import WalkQuestion, weights_of
from workers.contract import Activation, Network, OptimizerKind, Scheme

_DEFAULT_C = 1.0
_GROUP = "filter"


class Filter(StrEnum):
    """Law of the fixed orthogonal matrices O."""

    HAAR = "haar"  # a Haar matrix for each layer
    PERMUTATION = "permutation"  # a random permutation for each layer
    IDENTITY = "identity"


_SKIPS = {
    Filter.HAAR: Skip.ORTHOGONAL,
    Filter.PERMUTATION: Skip.PERMUTATION,
    Filter.IDENTITY: Skip.IDENTITY,
}
_LAWS = {Filter.HAAR: MatrixLaw.HAAR, Filter.PERMUTATION: MatrixLaw.PERMUTATION}


@dataclass(frozen=True, slots=True, kw_only=True)
class RoafNetwork(Network):
    """A network whose hidden layers, except the first one, are additive filters.

    Attributes:
        c: ``depth * beta``, the strength of all branches together.
        alpha: Factor of the filtered input.
        beta: Factor of the branch.
        filter: Law of the filters.
        shared_filter: Whether one filter serves all layers.
    """

    c: float
    alpha: float
    beta: float
    filter: Filter
    shared_filter: bool


def _factor(name: str) -> NumberHyperparameter:
    return NumberHyperparameter(
        name=name,
        description="auto or a number above 0, at most 1",
        default=AUTO,
        above=0.0,
        at_most=1.0,
        allows_auto=True,
    )


class RoafArchitecture:
    """Description of the kind ``"roaf"``."""

    kind = "roaf"
    description = (
        "Random orthogonal additive filters: h' = alpha * O h + beta * f(W h + b), O fixed."
    )
    hyperparameters = (
        NumberHyperparameter(
            name="c",
            description="auto or a number above 0 and below the depth",
            default=AUTO,
            above=0.0,
            at_most=1e6,
            allows_auto=True,
        ),
        _factor("alpha"),
        _factor("beta"),
        ChoiceHyperparameter(
            name="filter",
            description="haar, permutation or identity",
            default=Filter.HAAR,
            choices=Filter,
        ),
        FlagHyperparameter(name="shared_filter", description="true or false", default=False),
    )
    network_type = RoafNetwork

    def network(
        self,
        *,
        activation: Activation,
        slope: float,
        depth: int,
        width: int,
        written: Hypers,
    ) -> RoafNetwork:
        """Return a resolved network.

        ``c`` gives alpha = 1 - c / depth and beta = c / depth. Without it, a missing one of alpha
        and beta makes their sum 1, and ``c`` is 1 where both are missing, or 0.5 for one layer,
        which has no filter.
        """
        alpha, beta = _factors(depth, written)
        return RoafNetwork(
            kind=self.kind,
            activation=activation,
            slope=slope,
            depth=depth,
            width=width,
            c=depth * beta if written["c"] == AUTO else float(written["c"]),
            alpha=alpha,
            beta=beta,
            filter=Filter(str(written["filter"])),
            shared_filter=bool(written["shared_filter"]),
        )

    def hyper_issue(self, depth: int, written: Hypers) -> HyperIssue | None:
        """Return an issue if c is given beside alpha or beta, or leaves nothing of the filter."""
        if written["c"] == AUTO:
            missing = AUTO in (written["alpha"], written["beta"])
            if missing and 1.0 in (written["alpha"], written["beta"]):
                name = "alpha" if written["alpha"] == 1.0 else "beta"
                return HyperIssue(name=name, message="1 leaves nothing for the other of the two")
            return None
        for name in ("alpha", "beta"):
            if written[name] != AUTO:
                return HyperIssue(name=name, message="give either c, or alpha and beta")
        if float(written["c"]) >= depth:
            return HyperIssue(name="c", message=f"must be below the depth, {depth}")
        return None

    def branch_lr_power(self, optimizer: OptimizerKind) -> float:
        """Return -1 for SGD, whose steps are as small as the gradients, else 0.

        Each gradient carries the factor beta, and so does the effect of each step on the outputs.
        Over D layers, steps of one rate change the outputs by D * beta^2, that is by beta.
        The size of an Adam step does not depend on the gradient's.
        """
        return -1.0 if optimizer is OptimizerKind.SGD else 0.0

    def parameters(
        self, network: Network, n_inputs: int, n_outputs: int
    ) -> tuple[ParameterGroup, ...]:
        """Return the groups of a feed-forward network, and the filters."""
        own, groups = _roaf(network), chain_parameters(network, n_inputs, n_outputs)
        if own.filter not in _LAWS:
            return groups
        filters = ParameterGroup(
            name=_GROUP,
            fan_out=network.width,
            fan_in=network.width,
            count=min(1, network.depth - 1) if own.shared_filter else network.depth - 1,
            stream=1,
            family=_GROUP,
            draw=_LAWS[own.filter],
            trainable=False,
            shared=own.shared_filter,
        )
        return (*groups, filters)

    def hidden_rule(self, network: Network) -> LayerRule:
        """Return the rule of a layer with a filter."""
        own = _roaf(network)
        return LayerRule(skip=_SKIPS[own.filter], skip_gain=own.alpha, branch_gain=own.beta)

    def layers(self, network: Network) -> tuple[Layer, ...]:
        """Return a plain first layer, D - 1 with a filter, and a linear last one."""
        own = _roaf(network)
        group = _GROUP if own.filter in _LAWS else None
        return chain_layers(
            network.depth,
            self.hidden_rule(network),
            skip_group=group,
            shared_skip=own.shared_filter,
        )

    def walk(
        self, network: Network, *, scheme: Scheme, g_in: float, n_inputs: int
    ) -> WalkQuestion | None:
        """Return the network's walk, whose law has a closed form for small beta.

        The law is that of Gaussian matrices, and does not depend on the number of inputs, whose
        variance is 1.
        """
        if weights_of(scheme) != "gaussian":
            return None
        return self._walk(network, weights="gaussian", g_in=g_in)

    def gain_walk(self, network: Network, *, scheme: Scheme, g_in: float) -> WalkQuestion:
        """Return the network's walk; its reference g is 1."""
        return self._walk(network, weights=weights_of(scheme), g_in=g_in)

    def _walk(self, network: Network, *, weights: str, g_in: float) -> WalkQuestion:
        is_leaky = network.activation is Activation.LEAKY_RELU
        return WalkQuestion(
            activation=network.activation,
            slope=network.slope if is_leaky else 0.0,
            depth=network.depth,
            width=network.width,
            weights=weights,
            g_in=g_in,
            rule=self.hidden_rule(network),
        )


def _roaf(network: Network) -> RoafNetwork:
    if not isinstance(network, RoafNetwork):
        raise TypeError(f"a roaf network has filters; given {network}")
    return network


def _factors(depth: int, written: Hypers) -> tuple[float, float]:
    """Return alpha and beta."""
    alpha, beta = written["alpha"], written["beta"]
    if alpha == beta == AUTO:
        share = number_or(written["c"], min(_DEFAULT_C, 0.5 * depth)) / depth
        return 1.0 - share, share
    if alpha == AUTO:
        return 1.0 - float(beta), float(beta)
    if beta == AUTO:
        return float(alpha), 1.0 - float(alpha)
    return float(alpha), float(beta)
