"""Sizes of the signals in random networks with orthogonal additive filters, layer by layer.

References:
    [derived] See `rwinit.additive_filters`.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rwinit.correlation import normal_grid
from rwinit.nonlinearities import Nonlinearity
from rwinit.simulation import Conditions

Array = NDArray[np.float64]

# Lengths change by a factor of about c / D per layer, so that blocks of c / 2000 are fine enough.
_BLOCKS: Final = 2000
# Natural logarithms of the variances of pre-activations in the table of moments. Small signals see
# the slope of the activation at 0, so that the low end needs few of them.
_LOG_VARIANCES: Final = np.concatenate([np.arange(-140.0, -6.0, 0.5), np.arange(-6.0, 40.01, 0.05)])
_LEAST: Final = 1e-60
_MOST: Final = 1e17
_NODES: Final = 2001


@dataclass(frozen=True, slots=True)
class Moments:
    """Expectations over normal pre-activations u of variance v, by ``ln(v)`` of the table."""

    mean: Array
    square: Array
    pull: Array
    slope_square: Array

    def at(self, variance: float) -> tuple[float, float, float, float]:
        """Return ``E f``, ``E f^2``, ``E[u f']`` and ``E f'^2`` at a variance."""
        # The table holds them over sqrt(v), v, sqrt(v) and 1: constant for homogeneous f, and
        # slow for every other, so that linear interpolation is good to about 1e-4.
        root, log = math.sqrt(variance), math.log(variance)
        mean, square, pull, slopes = (
            float(np.interp(log, _LOG_VARIANCES, column))
            for column in (self.mean, self.square, self.pull, self.slope_square)
        )
        return root * mean, variance * square, root * pull, slopes


@lru_cache(maxsize=64)
def moments_of(f: Nonlinearity) -> Moments:
    """Return the table of an activation's moments."""
    nodes, weights = normal_grid(_NODES)
    rows = []
    for log in _LOG_VARIANCES:
        root = math.exp(log / 2.0)
        u = root * nodes
        value, derivative = f.function(u) / root, f.derivative(u)
        rows.append(np.array([value, value**2, nodes * derivative, derivative**2]) @ weights)
    return Moments(*np.array(rows).T)


@dataclass(frozen=True, slots=True)
class Signals:
    """Moments of the signals in blocks of filter layers, on which the walk of the error depends.

    Attributes:
        counts: Layers of each block.
        slope_square: ``g^2 E f'(u)^2``.
        pull: ``E[u f'(u)] / q``, 0 where filters turn the mean away.
        excess: ``E[u f'(u)] - E f(u)``, the same.
        mean: Mean component of the signal that enters the block.
        last_mean: Mean component of the last signal, ``h_D``.
        last_square: Mean square q of ``h_D``.
        q: Mean square of the signal that enters the block.
    """

    counts: Array
    slope_square: Array
    pull: Array
    excess: Array
    mean: Array
    q: Array
    last_mean: float
    last_square: float


def signals_of(
    moments: Moments,
    depth: int,
    alpha: float,
    beta: float,
    g: float,
    keeps_mean: bool,
    conditions: Conditions,
) -> Signals | None:
    """Return the signals' mean-field recursion; None where a signal dies or leaves float64."""
    block = math.ceil((depth - 1) / _BLOCKS)
    counts = np.full(math.ceil((depth - 1) / block), float(block))
    counts[-1] = depth - 1 - block * (len(counts) - 1)
    entering = conditions.input_mean**2 + conditions.input_deviation**2
    first = conditions.g_in**2 * entering
    if not _LEAST < first < _MOST:
        return None
    mean, q, _, _ = moments.at(first)
    rows = []
    for count in counts:
        variance = g * g * q
        if not _LEAST < variance < _MOST:
            return None
        value, square, pull, slopes = moments.at(variance)
        rows.append((g * g * slopes, pull / q, pull - value, mean, q))
        # Exact for one layer; for a block, the moments of its first layer stand for all.
        cross = 2.0 * alpha * beta * mean * value if keeps_mean else 0.0
        q = alpha ** (2.0 * count) * q + _geometric(alpha**2, count) * (cross + beta**2 * square)
        mean = alpha**count * mean + _geometric(alpha, count) * beta * value
    slope_square, pulls, excess, means, squares = np.array(rows).T
    if not keeps_mean:
        pulls, excess = np.zeros_like(pulls), np.zeros_like(excess)
    return Signals(counts, slope_square, pulls, excess, means, squares, mean, q)


def _geometric(ratio: float, count: float) -> float:
    """Return ``1 + ratio + ... + ratio^(count - 1)``."""
    return count if ratio == 1.0 else float(np.expm1(count * math.log(ratio)) / (ratio - 1.0))
