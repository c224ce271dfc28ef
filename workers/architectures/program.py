"""Program of a network: a chain of layers, each with an input, parameters and a rule."""

from dataclasses import dataclass
from enum import StrEnum


class Skip(StrEnum):
    """Matrix S by which a layer's input is added to its output; it is fixed during training."""

    NONE = "none"
    IDENTITY = "identity"
    ORTHOGONAL = "orthogonal"  # a fixed Haar matrix, the layer's ``skip_group``
    PERMUTATION = "permutation"  # a fixed permutation, the layer's ``skip_group``


class Source(StrEnum):
    """Input of a layer."""

    SAMPLE = "sample"
    PREVIOUS = "previous"  # the output of the layer before it


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRule:
    """Formula of a layer: ``h' = skip_gain * S h + branch_gain * f(W h + b)``.

    A gate ``T = sigmoid(W_T h + b_T)`` multiplies the branch by T and the skip by 1 - T.

    Attributes:
        skip: The matrix S.
        skip_gain: Factor of the skip; not used where ``skip`` is NONE.
        branch_gain: Factor of the branch.
        activated: Whether f is the network's activation; otherwise f is the identity.
        gated: Whether the layer has a gate, whose parameters are its ``gate_group``.
    """

    skip: Skip = Skip.NONE
    skip_gain: float = 1.0
    branch_gain: float = 1.0
    activated: bool = True
    gated: bool = False


PLAIN = LayerRule()
LINEAR = LayerRule(activated=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer of a program.

    Attributes:
        source: Input of the layer.
        group: Name of the parameter group that contains W and b.
        place: Index of the matrix in the group, from 0; always 0 where the group is shared.
        rule: Formula of the layer.
        skip_group: Name of the parameter group that contains S; None where S has no parameters.
        skip_place: Index of S in that group, from 0; always 0 where the group is shared.
        gate_group: Name of the parameter group that contains W_T and b_T, at the place of W; None
            without a gate.
    """

    source: Source
    group: str
    place: int
    rule: LayerRule
    skip_group: str | None = None
    skip_place: int = 0
    gate_group: str | None = None
