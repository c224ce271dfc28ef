"""Parameters of the law of a random network's log-norm walk."""

from dataclasses import dataclass

from workers.architectures.program import PLAIN, LayerRule, Skip
from workers.contract import HOMOGENEOUS, Activation, Scheme

EXACT = HOMOGENEOUS
"""Activations for which the walk of a network without skips has a closed form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkQuestion:
    """Everything except g that decides the law of a random feed-forward network's walk.

    A field on which the walk does not depend has a fixed value, so that networks with the same law
    compare equal.

    Attributes:
        activation: Nonlinearity of the hidden layers.
        slope: Negative-side slope; 0 unless the activation is ``leaky_relu``.
        depth: Hidden layers.
        width: Units per hidden layer.
        weights: Law of the hidden matrices: ``"gaussian"`` or ``"orthogonal"``, or the name of
            a scheme without a law.
        g_in: Multiplier of the first matrix; 1 for a homogeneous activation, which carries any
            factor of the input to the output unchanged.
        n_inputs: Dimensions of one sample; None for a homogeneous activation.
        rule: Formula of the hidden layers except the first one.
    """

    activation: Activation
    slope: float
    depth: int
    width: int
    weights: str
    g_in: float = 1.0
    n_inputs: int | None = None
    rule: LayerRule = PLAIN

    @property
    def has_skips(self) -> bool:
        """Whether the hidden layers have a skip."""
        return self.rule.skip is not Skip.NONE

    @property
    def exact(self) -> bool:
        """Whether the law has a closed form; otherwise it is simulated."""
        return self.has_skips or self.activation in EXACT

    @property
    def has_unit_gain(self) -> bool:
        """Whether the reference g of ``auto`` and ``relative`` is 1.

        The skips decide the drift of such a walk, so that no g makes it zero.
        """
        return self.has_skips


LAWS = frozenset({"gaussian", "orthogonal"})
"""Laws of the hidden matrices for which rwinit knows the walk."""

_WEIGHTS = {
    Scheme.ORTHOGONAL: "orthogonal",
    # These depend on the data, or pair units of which one is active, or choose among matrices.
    # None of that is in rwinit's laws.
    Scheme.LSUV: "lsuv",
    Scheme.LOOKS_LINEAR: "looks_linear",
    Scheme.LYAPUNOV_SAMPLED: "lyapunov_sampled",
}


def weights_of(scheme: Scheme) -> str:
    """Return the name of the law of a scheme's hidden matrices, one of `LAWS` if it has a walk."""
    return _WEIGHTS.get(scheme, "gaussian")
