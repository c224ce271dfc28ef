"""Cells with simulated values, for tests of the statistics."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from service.claims.cells import Cell
from service.claims.statistics import STATISTICS
from service.schemas.claims import Evidence
from service.schemas.comparisons import Scalar


def cell(
    values: Sequence[float | None] | Mapping[int, float],
    *,
    lost: Iterable[int] = (),
    chance: float | None = None,
    **axes: Scalar,
) -> Cell:
    """Return a cell with a value for each seed; None is a seed without one."""
    pairs = values.items() if isinstance(values, Mapping) else enumerate(values)
    by_seed = {seed: value for seed, value in pairs if value is not None}
    own: dict[str, Scalar] = dict.fromkeys(
        ("kind", "activation", "width", "scheme", "g_relative", "g", "optimizer", "lr", "freeze")
    )
    return Cell(axes=own | axes, by_seed=by_seed, lost=frozenset(lost), chance=chance)


def normal(rng: np.random.Generator, n: int, mean: float = 0.0, sd: float = 1.0) -> list[float]:
    return [float(value) for value in rng.normal(mean, sd, n)]


def judged(rule: dict[str, Any], *cells: Sequence[Cell]) -> Evidence:  # Any: values of any type
    """Return what a rule, as written in a file, says of cells."""
    return STATISTICS[rule["statistic"]].model_validate(rule).judge(*cells)
