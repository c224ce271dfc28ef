"""Slots and depths of the trials of a pass."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby


@dataclass(frozen=True, slots=True)
class SlotDepths:
    """Consecutive slots and the depths of their trials, the deepest first.

    Attributes:
        first_slot: Slot of the first trial.
        depths: Depth by trial, not increasing, each at least 1.
    """

    first_slot: int
    depths: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.depths)

    @property
    def depth(self) -> int:
        """The greatest depth."""
        return self.depths[0]

    def count_of(self, depth: int) -> int:
        """Return the number of trials of at least a depth; they are the first ones."""
        return sum(own >= depth for own in self.depths)

    def starting_at(self, level: int) -> tuple[int, int] | None:
        """Return the range of trials whose first hidden layer is at a level; None if empty.

        Level 0 is the hidden layer next to the output.
        """
        lo, hi = self.count_of(level + 2), self.count_of(level + 1)
        return (lo, hi) if hi > lo else None


def runs(keys: list[tuple[int, ...]]) -> Iterator[tuple[tuple[int, ...], int, int]]:
    """Yield each run of equal keys with its first position and the position after its last."""
    lo = 0
    for key, members in groupby(keys):
        hi = lo + len(list(members))
        yield key, lo, hi
        lo = hi
