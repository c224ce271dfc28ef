r"""The law of random networks with orthogonal additive filters [C22].

The first layer is plain, ``h_1 = f(W_1 x)``. The D - 1 layers after it add a nonlinear layer to a
filtered state, ``h' = alpha O h + beta f(W h)``: O is orthogonal and fixed, W has i.i.d. normal
entries of variance ``g^2 / N``, and biases start at zero. An error takes the steps
``delta = alpha O^T delta' + beta W^T (f'(W h) * delta')``.

With ``r = (beta / alpha)^2 g^2 s``, ``s = E f'(u)^2`` and ``u`` normal of variance ``g^2 q``,
``q = |h|^2 / N``, the log norm of the error gains per layer [derived]

    mean ``ln(alpha) + ln(1 + r) / 2 - r / (N (1 + r)^2)``, variance ``r / (N (1 + r)^2)``,

which is ``ln(alpha) + r (1 - 2 / N) / 2`` and ``r / N`` for small r. Lengths follow
``q' = alpha^2 q + beta^2 E f(u)^2``.

Permutations and the identity also keep the mean of a signal's and of an error's components, which
matters for activations that are not odd. Networks of the two have the same law, since permutations
commute with f. There ``m``, the mean component of h, grows by ``beta E f(u)``, and ``q'`` has the
cross term ``2 alpha beta m E f(u)``. Given u, W acts as ``u h^T / |h|^2`` plus a fresh matrix, so
that the squared norm of the error gains the cross term
``2 alpha beta E[u f'(u)] (sum delta) (h . delta) / (N q)``. It has the same sign in all layers: it
adds to the drift, and to the spread a part of order c / N that does not fall with depth [derived].

References:
    [C22] A. Ceni, Random orthogonal additive filters: a solution to the vanishing/exploding
        gradient of deep neural networks, arXiv:2210.01245.
    [derived] Worked out for this package and checked by simulation.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rwinit.arguments import MAX_DEPTH, check_choice, check_count, check_number
from rwinit.bands import WalkBand
from rwinit.errors import ArgumentError
from rwinit.filter_signals import Signals, moments_of, signals_of
from rwinit.nonlinearities import Nonlinearity, nonlinearity
from rwinit.simulation import STANDARD, Conditions

Array = NDArray[np.float64]

FILTER_NAMES: Final = ("haar", "permutation", "identity")

# Nats by which alpha alone may change a signal.
_FARTHEST: Final = 300.0
# Nodes of the quadrature over the errors of layer D.
_RADII: Final = 24
_ANGLES: Final = 24


@dataclass(frozen=True, slots=True)
class AdditiveFilterLaw:
    """Moments of ``ln(|delta_1| / |delta_D|)`` over random networks, in nats.

    Attributes:
        drift: Mean.
        spread: Standard deviation.
        drift_error: Estimated size of the terms that the drift leaves out; at most 0.01, or a
            tenth of the spread where that is more.
    """

    drift: float
    spread: float
    drift_error: float


def filter_coefficients(
    depth: int, *, c: float | None = None, alpha: float | None = None, beta: float | None = None
) -> tuple[float, float]:
    """Return (alpha, beta) of ``h' = alpha O h + beta f(W h + b)``.

    Args:
        depth: Hidden layers D.
        c: Strength; ``beta = c / D`` and ``alpha = 1 - c / D``, from 0 to D. None takes 1 where
            alpha and beta are None as well.
        alpha: Factor of the filtered state, instead of c and together with beta.
        beta: Factor of the nonlinear layer.

    Raises:
        ArgumentError: An argument is not allowed, or both c and the factors are given.
    """
    layers = check_count("depth", depth, MAX_DEPTH)
    if alpha is None and beta is None:
        strength = check_number("c", 1.0 if c is None else c, low=0.0, high=float(layers))
        return 1.0 - strength / layers, strength / layers
    if c is not None:
        raise ArgumentError("c", c, "None where alpha and beta are given")
    if alpha is None or beta is None:
        raise ArgumentError("alpha and beta", (alpha, beta), "both given, or both None")
    return check_number("alpha", alpha), check_number("beta", beta)


def filter_strength(depth: int, beta: float) -> float:
    """Return ``c = beta D``: networks of equal c are comparable at all depths."""
    return check_number("beta", beta) * check_count("depth", depth, MAX_DEPTH)


def additive_filter_law(
    activation: str | Nonlinearity,
    width: int,
    depth: int,
    *,
    c: float | None = None,
    alpha: float | None = None,
    beta: float | None = None,
    g: float = 1.0,
    filter: str = "haar",
    slope: float = 0.01,
    conditions: Conditions = STANDARD,
) -> AdditiveFilterLaw | None:
    """Return the law of the log gradient norm over the D - 1 filter layers.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        width: Units per hidden layer N.
        depth: Hidden layers D; of one layer the law is zero.
        c: Strength, as in `filter_coefficients`.
        alpha: Factor of the filtered state, as in `filter_coefficients`.
        beta: Factor of the nonlinear layer, as in `filter_coefficients`.
        g: Multiplier of the hidden matrices over ``1 / sqrt(N)``, above 0.
        filter: A name of `FILTER_NAMES`. Whether layers share one filter makes no difference to
            the order given.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        conditions: Statistics of the input and the first matrix; biases have to be 0.

    Returns:
        The law; None where the terms left out may exceed 0.01 nats and a tenth of the spread,
        which includes every alpha of 0 or less.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    walk = _walk(activation, width, depth, c, alpha, beta, g, filter, slope, conditions)
    if walk is None:
        return None
    return AdditiveFilterLaw(float(walk.mean[0]), float(walk.deviation[0]), walk.error)


def additive_filter_band(
    activation: str | Nonlinearity,
    width: int,
    depth: int,
    *,
    c: float | None = None,
    alpha: float | None = None,
    beta: float | None = None,
    g: float = 1.0,
    filter: str = "haar",
    slope: float = 0.01,
    conditions: Conditions = STANDARD,
) -> WalkBand | None:
    """Return mean and spread of the error's log norm in each layer, as `rwinit.walk_band` does.

    Args:
        activation: As in `additive_filter_law`.
        width: As in `additive_filter_law`.
        depth: As in `additive_filter_law`.
        c: As in `additive_filter_law`.
        alpha: As in `additive_filter_law`.
        beta: As in `additive_filter_law`.
        g: As in `additive_filter_law`.
        filter: As in `additive_filter_law`.
        slope: As in `additive_filter_law`.
        conditions: As in `additive_filter_law`.

    Returns:
        The band; None where `additive_filter_law` is.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    walk = _walk(activation, width, depth, c, alpha, beta, g, filter, slope, conditions)
    if walk is None:
        return None
    layers = np.arange(1, depth + 1)
    deviation = np.sqrt(np.interp(layers, walk.layers, walk.deviation**2))
    return WalkBand(np.interp(layers, walk.layers, walk.mean), deviation)


@dataclass(frozen=True, slots=True)
class _Walk:
    """Moments of the log norm relative to layer D at some layers, 1 and D among them."""

    layers: Array
    mean: Array
    deviation: Array
    error: float


def _walk(
    activation: str | Nonlinearity,
    width: int,
    depth: int,
    c: float | None,
    alpha: float | None,
    beta: float | None,
    g: float,
    filter: str,
    slope: float,
    conditions: Conditions,
) -> _Walk | None:
    f = nonlinearity(activation, slope)
    units = check_count("width", width)
    a, b = filter_coefficients(depth, c=c, alpha=alpha, beta=beta)
    check_number("g", g, above=0.0)
    check_choice("filter", filter, FILTER_NAMES)
    if conditions.bias_deviation != 0.0:
        raise ArgumentError("conditions.bias_deviation", conditions.bias_deviation, "0")
    if depth == 1:
        return _Walk(np.array([1.0]), np.zeros(1), np.zeros(1), 0.0)
    if a <= 0.0 or abs(depth * math.log(a)) > _FARTHEST:
        return None
    keeps_mean = filter != "haar"
    signals = signals_of(moments_of(f), depth, a, b, g, keeps_mean, conditions)
    if signals is None or bool((b / a * signals.pull * signals.mean <= -0.5).any()):
        return None
    walk = _error_walk(signals, units, a, b)
    allowed = max(0.01, 0.1 * float(walk.deviation[0]))
    return walk if walk.error <= allowed else None


def _error_walk(signals: Signals, width: int, alpha: float, beta: float) -> _Walk:
    ratio = (beta / alpha) ** 2 * signals.slope_square
    noise = ratio / (width * (1.0 + ratio) ** 2)
    steps = signals.counts * (math.log(alpha) + np.log1p(ratio) / 2.0 - noise)
    coherent, coherent_variance = _coherent_part(signals, width, alpha, beta)
    mean = _from_the_end(steps) + coherent
    variance = _from_the_end(signals.counts * noise) + coherent_variance
    layers = np.concatenate([[1.0], 1.0 + np.cumsum(signals.counts)])
    error = _left_out(
        signals.counts * ratio, ratio, float(coherent[0]), float(coherent_variance[0]), width
    )
    return _Walk(layers, mean, np.sqrt(variance), error)


def _coherent_part(signals: Signals, width: int, alpha: float, beta: float) -> tuple[Array, Array]:
    """Return mean and variance of the terms of first order, which have equal signs in all layers.

    Error d is ``delta_D`` times ``alpha^(D - d)`` plus a small part along the signals. Its sum of
    components is ``S_d sum(delta_D)`` times that power, its product with the signal
    ``(h . delta)_D + T_d sum(delta_D)``.
    """
    epsilon = beta / alpha
    growth = np.log1p(epsilon * signals.pull * signals.mean) * signals.counts
    sums = np.exp(_from_the_end(growth))[1:]
    after = np.concatenate([np.cumsum(signals.counts[::-1])[::-1][1:], [0.0]])
    size = alpha**after
    turned = beta * signals.excess * signals.counts * size * sums
    products = _from_the_end(turned)[1:]
    weight = signals.counts * epsilon * signals.pull / width * sums / size
    alone, square = _from_the_end(weight), _from_the_end(weight * products)
    m, q = signals.last_mean, signals.last_square
    total, product, chances = _sums_on_the_sphere(width, m, q)
    # The squared norm is 1 plus twice the sum of the terms. Its logarithm is not linear in them.
    squares = 1.0 + 2.0 * (alone[:, None] * product + square[:, None] * total**2)
    logs = np.log(np.maximum(squares, 1e-6)) / 2.0
    mean = logs @ chances
    return mean, np.maximum(logs**2 @ chances - mean**2, 0.0)


def _sums_on_the_sphere(width: int, m: float, q: float) -> tuple[Array, Array, Array]:
    """Return ``sum(delta)``, ``sum(delta) (h . delta)`` and weights of a quadrature.

    delta is uniform on the unit sphere. Its components in the plane of h and of the vector of ones
    have a uniform angle and a square sum of law Beta(1, N / 2 - 1).
    """
    nodes, weights = np.polynomial.legendre.leggauss(_RADII)
    quantiles = (1.0 + nodes) / 2.0
    radii = np.sqrt(1.0 - (1.0 - quantiles) ** (2.0 / max(width - 2, 1e-9)))
    angles = np.arange(_ANGLES) * (2.0 * math.pi / _ANGLES)
    ones = (math.sqrt(width) * radii[:, None] * np.cos(angles)).ravel()
    other = (math.sqrt(width) * radii[:, None] * np.sin(angles)).ravel()
    product = ones * (m * ones + math.sqrt(max(q - m * m, 0.0)) * other)
    return ones, product, np.repeat(weights / 2.0, _ANGLES) / _ANGLES


def _left_out(
    ratios: Array, ratio: Array, coherent: float, coherent_variance: float, width: int
) -> float:
    # Terms of second order in r / N; lengths, which differ from network to network by about
    # sqrt(2 / N); fluctuations of the coherent part. Factors are those of simulations with the
    # largest errors, at widths from 4 to 64.
    return float(
        ((0.8 * ratio + 0.2) * ratios).sum() / width + 0.3 * (coherent**2 + coherent_variance)
    )


def _from_the_end(steps: Array) -> Array:
    """Return sums of the last entries: of all, of all but the first, ..., of none."""
    return np.concatenate([np.cumsum(steps[::-1])[::-1], [0.0]])
