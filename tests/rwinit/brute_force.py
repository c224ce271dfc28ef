"""Random networks with full matrices: what every law and every O(width) step has to agree with."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rwinit import Conditions, nonlinearity

Array = NDArray[np.float64]


@dataclass(frozen=True)
class FullWalks:
    """``ln Z`` backwards and ``ln(|h_D|^2 / |h_1|^2)`` forwards, of networks that pass both."""

    backward: Array
    forward: Array


def random_matrices(
    weights: str, count: int, fan_out: int, fan_in: int, rng: np.random.Generator
) -> Array:
    """Return matrices at g = 1, shape ``(count, fan_out, fan_in)``."""
    if weights == "gaussian":
        return rng.standard_normal((count, fan_out, fan_in)) / math.sqrt(fan_in)
    tall = rng.standard_normal((count, max(fan_out, fan_in), min(fan_out, fan_in)))
    q, r = np.linalg.qr(tall)
    q = q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :]
    return q if fan_out >= fan_in else np.swapaxes(q, 1, 2)


def full_walks(
    activation: str,
    weights: str,
    widths: list[int],
    g: float,
    count: int,
    seed: int,
    *,
    slope: float = 0.01,
    keep: float = 1.0,
    conditions: Conditions | None = None,
) -> FullWalks:
    """Send one input and one isotropic error through each of ``count`` random networks."""
    rng = np.random.default_rng([seed, len(widths), *widths])
    given, f = conditions or Conditions(), nonlinearity(activation, slope)
    n_inputs = given.n_inputs or widths[0]
    h = given.input_mean + given.input_deviation * rng.standard_normal((count, n_inputs))
    matrices, slopes, norms = [], [], []
    for d, width in enumerate(widths):
        matrix = random_matrices(weights, count, width, h.shape[1], rng)
        matrix *= given.g_in if d == 0 else g
        a = np.einsum("sij,sj->si", matrix, h)
        a += given.bias_deviation * rng.standard_normal(a.shape)
        mask = (rng.random(a.shape) < keep) / keep
        h = f.function(a) * mask
        matrices.append(matrix)
        slopes.append(f.derivative(a) * mask)
        norms.append((h**2).sum(axis=1))
    delta = rng.standard_normal((count, widths[-1]))
    start = (delta**2).sum(axis=1)
    for d in range(len(widths) - 1, 0, -1):
        delta = np.einsum("sij,si->sj", matrices[d], slopes[d] * delta)
    end = (delta**2).sum(axis=1)
    alive = (end > 0) & (norms[-1] > 0) & (norms[0] > 0)
    return FullWalks(np.log(end[alive] / start[alive]), np.log(norms[-1][alive] / norms[0][alive]))


def distance(sample: Array, expected: float, error: float = 0.0) -> float:
    """Return a sample mean's distance from what is expected, in standard errors."""
    own = float(sample.std(ddof=1)) / math.sqrt(len(sample))
    # 1e-9 is for walks without any spread.
    return abs(float(sample.mean()) - expected) / math.hypot(own, error, 1e-9)
