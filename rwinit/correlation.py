r"""Length and correlation of two signals, layer by layer, in very wide random networks.

With ``a = g W h + b`` of infinite width, ``g = sigma_w`` and biases of standard deviation
``sigma_b``, pre-activations of two inputs are jointly normal in every layer. Their common
variance q and their correlation c follow

    ``q' = sigma_w^2 E f(sqrt(q) z)^2 + sigma_b^2``
    ``c' = (sigma_w^2 E f(u_1) f(u_2) + sigma_b^2) / q'``

with ``u_1, u_2`` normal of variance q and correlation c. Where ``chi = sigma_w^2 E f'(u_1)
f'(u_2)`` at the fixed point is below 1, correlations approach it as ``exp(-depth / xi)``,
``xi = -1 / ln(chi)``; networks train up to a depth of about 6 xi [SGGS17].

References:
    [PLRSG16] B. Poole et al., Exponential expressivity in deep neural networks through
        transient chaos, arXiv:1606.05340.
    [SGGS17] S. Schoenholz et al., Deep Information Propagation, arXiv:1611.01232.
    [CS09] Y. Cho, L. Saul, Kernel Methods for Deep Learning, 2009: the map of ReLU.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rwinit.arguments import HOMOGENEOUS_NAMES, MAX_DEPTH, check_count, check_number
from rwinit.errors import ArgumentError
from rwinit.nonlinearities import Elementwise, Nonlinearity, nonlinearity

Array = NDArray[np.float64]

# The trapezoidal rule converges like exp(-2 pi^2 / step^2) for smooth integrands; at kinks its
# error is about a hundredth of the squared step.
# Beyond 9 standard deviations the normal density is below 1e-17 of its peak.
_REACH: Final = 9.0
_NODES: Final = 601
_FINE_NODES: Final = 6000
_ITERATIONS: Final = 1000
# Relative change of a variance at which its iteration has converged.
_CLOSE: Final = 1e-12
# A variance below this one counts as a signal that dies; 0 has no correlation.
_DEAD: Final = 1e-30


@dataclass(frozen=True, slots=True)
class MeanField:
    """Fixed points of length and correlation in a very wide and deep network.

    Attributes:
        q: Fixed point of the variance of pre-activations.
        correlation: Stable fixed point of the correlation.
        chi: Slope of the correlation map at correlation 1, which is also the factor by which the
            mean squared gradient grows per layer: below 1 ordered, above 1 chaotic.
        depth_scale: xi, the layers over which a correlation's distance from the fixed point
            falls by e; ``inf`` where it falls slower than exponentially, as at chi 1, and in
            networks without biases whose signals die or, if homogeneous, change in length only.
    """

    q: float
    correlation: float
    chi: float
    depth_scale: float


@dataclass(frozen=True, slots=True)
class CriticalPoint:
    """Parameters on the edge of chaos, where chi is 1.

    Attributes:
        sigma_w: Factor of the weights over ``1 / sqrt(fan_in)``.
        sigma_b: Standard deviation of the biases.
        q: Variance of pre-activations that they keep.
    """

    sigma_w: float
    sigma_b: float
    q: float


def length_map(
    activation: str | Nonlinearity,
    q: float,
    *,
    sigma_w: float,
    sigma_b: float = 0.0,
    slope: float = 0.01,
) -> float:
    """Return the variance of the pre-activations of the next layer [PLRSG16].

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        q: Variance of pre-activations, above 0.
        sigma_w: Factor g of the weights over ``1 / sqrt(fan_in)``, above 0.
        sigma_b: Standard deviation of the biases, at least 0.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    _check(q, sigma_w, sigma_b)
    f = nonlinearity(activation, slope)
    return sigma_w**2 * _mean_square(f.function, q) + sigma_b**2


def correlation_map(
    activation: str | Nonlinearity,
    correlation: ArrayLike,
    *,
    q: float = 1.0,
    sigma_w: float,
    sigma_b: float = 0.0,
    slope: float = 0.01,
) -> Array:
    """Return the correlation of two pre-activations in the next layer, the map c -> c'.

    For linear, ReLU and leaky ReLU it is the closed form of [CS09].

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        correlation: From -1 to 1, any shape.
        q: Variance of both pre-activations, above 0.
        sigma_w: Factor g of the weights over ``1 / sqrt(fan_in)``, above 0.
        sigma_b: Standard deviation of the biases, at least 0.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Returns:
        Correlations, float64, of the same shape; precise to about 1e-5 at kinks.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    _check(q, sigma_w, sigma_b)
    f = nonlinearity(activation, slope)
    c = _correlations(correlation)
    shared = sigma_w**2 * _mean_product(f, c, q, slope) + sigma_b**2
    alone = sigma_w**2 * _mean_product(f, np.ones(1), q, slope)[0] + sigma_b**2
    return np.asarray(np.clip(shared / alone, -1.0, 1.0))


def correlation_at_depth(
    activation: str | Nonlinearity,
    correlation: ArrayLike,
    depth: int,
    *,
    q: float = 1.0,
    sigma_w: float,
    sigma_b: float = 0.0,
    slope: float = 0.01,
) -> Array:
    """Return the correlation of two pre-activations after layers 1 to ``depth``.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        correlation: Correlation of the pre-activations of layer 1, from -1 to 1, any shape.
        depth: Hidden layers, at least 1.
        q: Variance of the pre-activations of layer 1, above 0.
        sigma_w: Factor g of the weights over ``1 / sqrt(fan_in)``, above 0.
        sigma_b: Standard deviation of the biases, at least 0.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Returns:
        Correlations, float64, shape ``(depth, *correlation.shape)``; row 0 is the given one.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    c, rows = _correlations(correlation), []
    for _ in range(check_count("depth", depth, MAX_DEPTH)):
        rows.append(c)
        given = {"sigma_w": sigma_w, "sigma_b": sigma_b, "slope": slope}
        c = correlation_map(activation, c, q=q, **given)
        # A homogeneous map does not depend on q, which may leave float64 over many layers.
        if not _is_homogeneous(nonlinearity(activation, slope)) or sigma_b > 0.0:
            q = max(length_map(activation, q, **given), 1e-200)
    return np.stack(rows)


def mean_field(
    activation: str | Nonlinearity,
    *,
    sigma_w: float,
    sigma_b: float = 0.0,
    slope: float = 0.01,
) -> MeanField:
    """Return the fixed points of length and correlation, chi, and the depth scale xi [SGGS17].

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        sigma_w: Factor g of the weights over ``1 / sqrt(fan_in)``, above 0.
        sigma_b: Standard deviation of the biases, at least 0.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Raises:
        ArgumentError: An argument is not allowed, or lengths grow without bound.
    """
    _check(1.0, sigma_w, sigma_b)
    return _mean_field(nonlinearity(activation, slope), sigma_w, sigma_b, slope)


def critical_point(
    activation: str | Nonlinearity, *, q: float = 1.0, slope: float = 0.01
) -> CriticalPoint:
    """Return the (sigma_w, sigma_b) on the edge of chaos that keep the variance q [SGGS17].

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        q: Variance of pre-activations to keep, above 0.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Returns:
        ``sigma_w^2 = 1 / E f'^2`` and ``sigma_b^2 = q - sigma_w^2 E f^2``. For ReLU sqrt(2) and
        0 at every q, the scheme of He et al.

    Raises:
        ArgumentError: No biases keep that q.
    """
    check_number("q", q, above=0.0)
    f = nonlinearity(activation, slope)
    sigma_w_square = 1.0 / _mean_square_slope(f, q, slope)
    passed = q / sigma_w_square if _is_homogeneous(f) else _mean_square(f.function, q)
    rest = q - sigma_w_square * passed
    if rest < -1e-9 * q:
        raise ArgumentError("q", q, f"one at which {f.name} has a critical point; there is none")
    return CriticalPoint(math.sqrt(sigma_w_square), math.sqrt(rest) if rest > 1e-9 * q else 0.0, q)


@lru_cache(maxsize=1024)
def _mean_field(f: Nonlinearity, sigma_w: float, sigma_b: float, slope: float) -> MeanField:
    q = _fixed_length(f, sigma_w, sigma_b, slope)
    chi = sigma_w**2 * _mean_square_slope(f, q, slope)
    directions_stay = sigma_b == 0.0 and (_is_homogeneous(f) or q <= _DEAD)
    if directions_stay or abs(chi - 1.0) < 1e-9:
        return MeanField(q, 1.0, chi, math.inf)
    if chi == 0.0:
        # Every unit saturates: one layer makes all signals equal.
        return MeanField(q, 1.0, chi, 0.0)
    if chi < 1.0:
        return MeanField(q, 1.0, chi, -1.0 / math.log(chi))
    fixed = _fixed_correlation(f, q, sigma_w, sigma_b, slope)
    at_fixed = _product_by_quadrature(f.derivative, np.array([fixed]), q)[0]
    rate = abs(sigma_w**2 * float(at_fixed))
    return MeanField(q, fixed, chi, -1.0 / math.log(rate) if 0.0 < rate < 1.0 else math.inf)


def _fixed_length(f: Nonlinearity, sigma_w: float, sigma_b: float, slope: float) -> float:
    if _is_homogeneous(f):
        growth = sigma_w**2 * _mean_square_slope(f, 1.0, slope)
        if sigma_b == 0.0:
            return 1.0  # the maps of a homogeneous layer depend on ratios alone
        if growth < 1.0:
            return sigma_b**2 / (1.0 - growth)
        raise ArgumentError("sigma_w", sigma_w, "small enough that lengths stay bounded")
    q = 1.0
    for _ in range(_ITERATIONS):
        before, q = q, sigma_w**2 * _mean_square(f.function, q) + sigma_b**2
        if q > 1e30:
            raise ArgumentError("sigma_w", sigma_w, "small enough that lengths stay bounded")
        if abs(q - before) <= _CLOSE * q or q < _DEAD:
            return max(q, _DEAD)
    # At the edge of chaos without biases, lengths fall like 1 / depth: too slow for the loop.
    return _DEAD if sigma_b == 0.0 and q < before else q


def _fixed_correlation(
    f: Nonlinearity, q: float, sigma_w: float, sigma_b: float, slope: float
) -> float:
    """Return the fixed point below 1 of a chaotic network, by bisection of ``c' - c``."""
    low, high = 0.0, 1.0 - 1e-9
    for _ in range(50):
        c = (low + high) / 2.0
        shared = sigma_w**2 * float(_mean_product(f, np.array([c]), q, slope)[0]) + sigma_b**2
        low, high = (c, high) if shared / q > c else (low, c)
    return low if low > 1e-9 else 0.0


def _mean_product(f: Nonlinearity, c: Array, q: float, slope: float) -> Array:
    """Return ``E f(u_1) f(u_2)`` for arrays of correlations."""
    if not _is_homogeneous(f):
        return _product_by_quadrature(f.function, c, q)
    # f(x) = p x + m |x|, and E |z_1 z_2| is 2/pi times the bracket [CS09].
    negative = _negative_slope(f, slope)
    p, m = (1.0 + negative) / 2.0, (1.0 - negative) / 2.0
    clipped = np.clip(c, -1.0, 1.0)
    bracket = np.sqrt(1.0 - clipped**2) + clipped * np.arcsin(clipped)
    return q * (p * p * clipped + m * m * 2.0 / math.pi * bracket)


def _product_by_quadrature(function: Elementwise, c: Array, q: float) -> Array:
    nodes, weights = _grid()
    first = function(math.sqrt(q) * nodes)
    means = np.empty(c.shape)
    for index, value in np.ndenumerate(c):
        # u_2 = c z_1 + sqrt(1 - c^2) z_2.
        mixed = value * nodes[:, None] + math.sqrt(max(0.0, 1.0 - value * value)) * nodes
        second = function(math.sqrt(q) * mixed) @ weights
        means[index] = weights @ (first * second)
    return means


def _mean_square(function: Elementwise, q: float) -> float:
    nodes, weights = _fine_grid()
    return float(weights @ function(math.sqrt(q) * nodes) ** 2)


def _mean_square_slope(f: Nonlinearity, q: float, slope: float) -> float:
    if _is_homogeneous(f):
        negative = _negative_slope(f, slope)
        return (1.0 + negative * negative) / 2.0
    return _mean_square(f.derivative, q)


def _negative_slope(f: Nonlinearity, slope: float) -> float:
    return {"linear": 1.0, "relu": 0.0}.get(f.name, slope)


@lru_cache(maxsize=1)
def _grid() -> tuple[Array, Array]:
    return normal_grid(_NODES)


@lru_cache(maxsize=1)
def _fine_grid() -> tuple[Array, Array]:
    return normal_grid(_FINE_NODES)


def normal_grid(count: int) -> tuple[Array, Array]:
    """Return nodes and weights of the trapezoidal rule for standard normal expectations."""
    nodes = np.linspace(-_REACH, _REACH, count)
    weights = np.exp(-0.5 * nodes**2)
    return nodes, weights / weights.sum()


def _is_homogeneous(f: Nonlinearity) -> bool:
    return f.built_in and f.name in HOMOGENEOUS_NAMES


def _correlations(given: ArrayLike) -> Array:
    array = np.asarray(given, dtype=np.float64)
    if not bool((np.abs(array) <= 1.0).all()):
        raise ArgumentError("correlation", given, "from -1 to 1")
    return array


def _check(q: float, sigma_w: float, sigma_b: float) -> None:
    check_number("q", q, above=0.0)
    check_number("sigma_w", sigma_w, above=0.0)
    check_number("sigma_b", sigma_b, low=0.0)
