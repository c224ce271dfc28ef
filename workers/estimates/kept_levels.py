"""Which levels of activations stay in memory from the forward to the backward pass.

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
    """A rule of which levels share a buffer; levels that do overwrite each other."""

    def key(self, level: int) -> int:
        """Return the number of a level's buffer."""
        ...

    def count(self, levels: int) -> int:
        """Return how many buffers the first levels have together."""
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
    """Keep a level until the next but one is computed: enough for a forward pass alone."""

    def key(self, level: int) -> int:
        """Return 0 for even levels, 1 for odd ones."""
        return level % 2

    def count(self, levels: int) -> int:
        """Return at most 2."""
        return min(2, levels)


@dataclass(frozen=True, slots=True)
class KeepSegments:
    """Keep the last level of each segment and, of one segment at a time, the others [CXZG16].

    Attributes:
        length: Levels of a segment, at least 1.
    """

    length: int

    def key(self, level: int) -> int:
        """Return the level for the last one of a segment, a negative number for the others."""
        return level if level % self.length == 0 else -(level % self.length)

    def count(self, levels: int) -> int:
        """Return the number of segments and of the other levels of the longest one."""
        if levels == 0:
            return 0
        return -(-levels // self.length) + min(self.length, levels) - 1


def kept_levels(depth: int, *, recomputes: bool) -> Keep:
    """Return the rule for networks of a depth.

    Args:
        depth: Hidden layers of the deepest one.
        recomputes: Whether the backward pass computes activations again.
    """
    return KeepSegments(segment_length(depth)) if recomputes else KeepAll()
