"""Parameters of the law of a random network's log-norm walk."""

from dataclasses import dataclass

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
    """

    activation: Activation
    slope: float
    depth: int
    width: int
    weights: str
    g_in: float = 1.0
    n_inputs: int | None = None

    @property
    def exact(self) -> bool:
        """Whether the law has a closed form; otherwise it is simulated."""
        return self.activation in EXACT


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
