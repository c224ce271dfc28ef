"""The program of a network: a chain of layers, each with a source, its parameters and a rule."""

from dataclasses import dataclass
from enum import StrEnum


class Skip(StrEnum):
    """The matrix S that carries a layer's input past its nonlinearity."""

    NONE = "none"
    IDENTITY = "identity"
    ORTHOGONAL = "orthogonal"  # a fixed Haar matrix, the layer's ``skip_group``
    PERMUTATION = "permutation"  # a fixed permutation, the layer's ``skip_group``


class Source(StrEnum):
    """What goes into a layer."""

    SAMPLE = "sample"
    PREVIOUS = "previous"  # the output of the layer before it


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRule:
    """``h' = skip_gain * S h + branch_gain * f(W h + b)``.

    Attributes:
        skip: S.
        skip_gain: Factor of the skip; not read where there is none.
        branch_gain: Factor of the branch.
        activated: Whether f is the network's activation; else it is the identity.
    """

    skip: Skip = Skip.NONE
    skip_gain: float = 1.0
    branch_gain: float = 1.0
    activated: bool = True


PLAIN = LayerRule()
LINEAR = LayerRule(activated=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer.

    Attributes:
        source: What goes into it.
        group: Name of the group that has W and b.
        place: Which matrix of the group, from 0; always 0 where the group is shared.
        rule: What it computes.
        skip_group: Name of the group that has S; None where S needs no numbers.
    """

    source: Source
    group: str
    place: int
    rule: LayerRule
    skip_group: str | None = None
