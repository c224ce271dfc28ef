"""Rules of which activations stay in memory from the forward to the backward pass.

A hidden activation is needed twice: by the next layer, and by the backward pass. Levels are
counted from the output; 0 is the hidden layer next to it.

References:
    [CXZG16] T. Chen et al., Training deep nets with sublinear memory cost, arXiv:1604.06174:
        of a long chain keep the ends of sqrt(D) segments and compute each segment again.
"""

from dataclasses import dataclass
from typing import Protocol

from workers.estimates.sizes import segment_length


class Keep(Protocol):
    """Rule of which levels share a buffer; levels that share one overwrite each other."""

    def key(self, level: int) -> int:
        """Return the key of a level's buffer; levels with equal keys share one."""
        ...

    def count(self, levels: int) -> int:
        """Return the number of buffers of the first ``levels`` levels."""
        ...


@dataclass(frozen=True, slots=True)
class KeepAll:
    """Keep every level."""

    def key(self, level: int) -> int:
        """Return the level."""
        return level

    def count(self, levels: int) -> int:
        """Return the number of levels."""
        return levels


@dataclass(frozen=True, slots=True)
class KeepTwo:
    """Keep two levels: enough for a forward pass, which needs only the level before."""

    def key(self, level: int) -> int:
        """Return 0 for even levels, 1 for odd ones."""
        return level % 2

    def count(self, levels: int) -> int:
        """Return at most 2."""
        return min(2, levels)


@dataclass(frozen=True, slots=True)
class KeepSegments:
    """Keep one level of each segment, and all levels of one segment at a time [CXZG16].

    Attributes:
        length: Levels of a segment, at least 1.
    """

    length: int

    def key(self, level: int) -> int:
        """Return the level itself where it is kept, and a negative number for the other levels."""
        return level if level % self.length == 0 else -(level % self.length)

    def count(self, levels: int) -> int:
        """Return the number of segments plus the other levels of the longest segment."""
        if levels == 0:
            return 0
        return -(-levels // self.length) + min(self.length, levels) - 1


def kept_levels(depth: int, *, recomputes: bool) -> Keep:
    """Return the rule for networks of a depth.

    Args:
        depth: Hidden layers of the deepest network.
        recomputes: Whether the backward pass computes activations again.
    """
    return KeepSegments(segment_length(depth)) if recomputes else KeepAll()
