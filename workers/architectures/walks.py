"""What the law of a random network's log-norm walk depends on."""

from dataclasses import dataclass

from workers.contract import HOMOGENEOUS, Activation, Scheme

EXACT = HOMOGENEOUS
"""Activations whose plain walk has an exact law: nothing about it is simulated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkQuestion:
    """A random feed-forward network before its g and its random numbers.

    Fields on which the walk does not depend have one value, so that networks with the same law
    are equal.

    Attributes:
        activation: Nonlinearity of the hidden layers.
        slope: Negative-side slope; 0 unless the activation reads it.
        depth: Hidden layers.
        width: Units per hidden layer.
        weights: Law of the hidden matrices: ``"gaussian"`` or ``"orthogonal"``.
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
        """Whether the walk has a closed form."""
        return self.activation in EXACT


def weights_of(scheme: Scheme) -> str:
    """Return the law of a scheme's hidden matrices, as rwinit calls it."""
    return "orthogonal" if scheme is Scheme.ORTHOGONAL else "gaussian"
