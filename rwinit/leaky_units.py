r"""Moments of the log gain of a leaky ReLU layer, with or without dropout.

Each unit passes the error unchanged, or times the slope, or not at all, at random. With X the
squared-norm gain and
``phi(t) = E exp(-t X)`` its Laplace transform,

    ``E ln X      =    integral (exp(-t) - phi(t))      dt / t``
    ``E (ln X)^2  = -2 integral (exp(-t) - phi(t)) ln t dt / t - 2 gamma E ln X``,

which are the first two coefficients in p of ``Gamma(p) (1 - E X^-p)``. With ``t = exp(u)`` the
integrands are analytic in ``|Im u| < pi/2`` and decay at both ends, so the trapezoidal rule
converges like ``exp(-pi^2 / step)``.

References:
    [derived] Worked out for this package and checked by simulation.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rwinit.active_units import active_moments

Vector = NDArray[np.float64]

_STEP: Final = 0.2
# What the integral leaves out below the lower end is of the order of t^2 = exp(-80). Beyond the
# upper end phi falls like exp(-u / 2) in a layer of one unit, and faster in wider ones.
_LOWEST: Final = -40.0
_TAIL: Final = 80.0

# Below this slope a leaky layer with an active unit is a ReLU layer to the last digit.
_SMALLEST_SLOPE: Final = 1e-20

# A probability that every unit is dropped changes no digit if it is below this one.
_NEGLIGIBLE: Final = 1e-18


def leaky_moments(width: int, slope: float, keep: float) -> tuple[float, float]:
    """Return mean and variance of the log gain of a leaky ReLU layer that is not wholly dropped.

    Args:
        width: Units N.
        slope: Negative-side slope, finite and not 0; its sign has no influence.
        keep: Chance of one unit to be kept; kept units are not rescaled here.

    Returns:
        Moments of ``ln((chi2_M + slope^2 chi2_L) / N)``, in nats; M and L units have the full
        and the reduced slope.
    """
    fraction = abs(slope)
    if fraction > 1.0:
        mean, variance = leaky_moments(width, 1.0 / fraction, keep)
        return mean + 2.0 * math.log(fraction), variance
    if fraction < _SMALLEST_SLOPE:
        return _nearly_relu_moments(width, fraction, keep)
    return _moments_by_quadrature(width, fraction, keep)


def _moments_by_quadrature(width: int, slope: float, keep: float) -> tuple[float, float]:
    square = slope * slope
    # X is divided by its mean, so that both exponentials start with the same slope and the
    # moments of a wide layer are small numbers rather than differences of large ones.
    scale = keep * (1.0 + square) / 2.0
    steps = math.ceil((_TAIL - _LOWEST - 2.0 * math.log(slope) - math.log(keep)) / _STEP)
    u = _LOWEST + _STEP * np.arange(steps + 1)
    difference = _transform_difference(np.exp(u), width, square, keep, scale)
    mean = _STEP * float(difference.sum())
    square_mean = -2.0 * _STEP * float((u * difference).sum()) - 2.0 * np.euler_gamma * mean
    return mean + math.log(scale), square_mean - mean * mean


def _transform_difference(
    t: Vector, width: int, square: float, keep: float, scale: float
) -> Vector:
    """Return ``exp(-t) - E[exp(-t X / scale) | not wholly dropped]``, shape of ``t``."""
    full = np.expm1(-0.5 * np.log1p(2.0 * t / (width * scale)))
    part = np.expm1(-0.5 * np.log1p(2.0 * square * t / (width * scale)))
    # Far out phi rounds to 0, and its logarithm -inf gives the right exp(log_phi) = 0.
    with np.errstate(divide="ignore"):
        log_phi = width * np.log1p(0.5 * keep * (full + part))
    decay = np.exp(-t)
    dropped = math.exp(width * math.log1p(-keep)) if keep < 1.0 else 0.0
    if dropped > _NEGLIGIBLE:
        return np.asarray(decay - (np.exp(log_phi) - dropped) / (1.0 - dropped))
    # Near t = 0 both terms are close to 1 - t: only the difference of the exponents keeps digits.
    excess = log_phi + t
    near = decay * -np.expm1(np.minimum(excess, 1.0))
    return np.where(excess < 1.0, near, decay - np.exp(log_phi))


def _nearly_relu_moments(width: int, slope: float, keep: float) -> tuple[float, float]:
    """Return the moments of a leaky layer with a tiny slope: a mixture of two cases.

    Either some unit has the full slope, and the layer is a ReLU layer; or every kept unit has the
    reduced slope.
    """
    on_mean, on_variance = active_moments(width, keep / 2.0)
    off_mean, off_variance = active_moments(width, keep / 2.0 / (1.0 - keep / 2.0))
    off_mean += 2.0 * math.log(slope)
    none_on = math.exp(width * math.log1p(-keep / 2.0))
    none_kept = math.exp(width * math.log1p(-keep)) if keep < 1.0 else 0.0
    share = (none_on - none_kept) / (1.0 - none_kept)
    mean = (1.0 - share) * on_mean + share * off_mean
    spread = share * (1.0 - share) * (on_mean - off_mean) ** 2
    return mean, (1.0 - share) * on_variance + share * off_variance + spread
