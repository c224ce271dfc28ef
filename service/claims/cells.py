"""Cells: the configurations of a sweep with one measured value per seed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from service.schemas.comparisons import Scalar


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A configuration with its measured values.

    Attributes:
        axes: Values of the names that the rule asked for.
        by_seed: Measured value by seed. An error of a diverged trial is the error of guessing.
        lost: Seeds whose trial diverged or was stopped early, with or without a value.
        chance: Error of guessing, 1 - 1 / classes; None without classes.
    """

    axes: Mapping[str, Scalar]
    by_seed: Mapping[int, float]
    lost: frozenset[int] = field(default_factory=frozenset)
    chance: float | None = None

    @property
    def mean(self) -> float:
        """Mean over the seeds that have a value; there must be at least one."""
        return fmean(self.by_seed.values())


def best_of(cells: Iterable[Cell]) -> Cell | None:
    """Return the cell with the fewest lost seeds, and among those the lowest mean.

    None if no cell has a value. Of equally good ones it is the first.
    """
    return min(
        (cell for cell in cells if cell.by_seed), key=lambda c: (len(c.lost), c.mean), default=None
    )


def grouped(cells: Iterable[Cell], names: Sequence[str]) -> dict[tuple[Scalar, ...], list[Cell]]:
    """Return cells by their values of some names, ascending; without names, one group of all."""
    groups: dict[tuple[Scalar, ...], list[Cell]] = {}
    for cell in cells:
        groups.setdefault(tuple(cell.axes[name] for name in names), []).append(cell)
    return dict(sorted(groups.items(), key=lambda item: [_order(value) for value in item[0]]))


def _order(value: Scalar) -> tuple[bool, bool, Scalar]:
    # Numbers, then words, then no value: the three do not compare with each other.
    return value is None, isinstance(value, str), value if value is not None else 0


def label(names: Sequence[str], values: Sequence[Scalar]) -> str:
    """Return the name of a group, such as ``depth 32, width 64``; ``all`` without names."""
    parts = [f"{name} {shown(value)}" for name, value in zip(names, values, strict=True)]
    return ", ".join(parts) or "all"


def shown(value: Scalar) -> str:
    """Return a value as text, floats with four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def number(cell: Cell, name: str) -> float | None:
    """Return a cell's value of a name as a number; None for words and missing values."""
    value = cell.axes[name]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
