"""Checks of arrays of widths, depths, gains and probabilities, of any shape."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rwinit.arguments import MAX_WIDTH, check_count, check_number
from rwinit.errors import ArgumentError

Array = NDArray[np.float64]


def counts(name: str, given: ArrayLike, maximum: int = MAX_WIDTH) -> Array:
    """Return integers from 1 to ``maximum`` as float64; raise ArgumentError for anything else."""
    array = np.asarray(given)
    if array.dtype.kind not in "iu":
        raise ArgumentError(name, given, f"integers from 1 to {maximum}")
    for value in array.flat:
        check_count(name, int(value), maximum)
    return array.astype(np.float64)


def numbers(
    name: str, given: ArrayLike, low: float = -math.inf, above: float | None = None
) -> Array:
    """Return finite numbers in a range as float64; raise ArgumentError for anything else."""
    array = np.asarray(given)
    if array.dtype.kind not in "iuf":
        raise ArgumentError(name, given, "finite numbers")
    for value in array.flat:
        check_number(name, float(value), low=low, above=above)
    return array.astype(np.float64)


def fractions(name: str, given: ArrayLike) -> Array:
    """Return numbers above 0 and below 1 as float64; raise ArgumentError for anything else."""
    array = numbers(name, given, above=0.0)
    if array.size and float(array.max()) >= 1.0:
        raise ArgumentError(name, given, "above 0 and below 1")
    return array


def broadcast(**arrays: Array) -> list[Array]:
    """Return arrays in their common shape; raise ArgumentError, by name, where there is none."""
    try:
        return list(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays.values())
        names = ", ".join(arrays)
        raise ArgumentError(names, shapes, "of shapes that broadcast") from None


def step_gains(g: float | Sequence[float], steps: int) -> list[float]:
    """Return one g for each step; raise ArgumentError unless they are above 0 and as many."""
    if isinstance(g, (int, float)):
        return [check_number("g", g, above=0.0)] * steps
    if len(g) != steps:
        raise ArgumentError("g", f"{len(g)} numbers", f"one number, or one per step, {steps}")
    return [check_number(f"g[{d}]", value, above=0.0) for d, value in enumerate(g)]
