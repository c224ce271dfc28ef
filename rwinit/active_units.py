"""Moments of the log gain of a layer whose units are on or off at random.

A unit that is on passes the error unchanged, a unit that is off passes nothing: so it is with
ReLU, with dropout, and with both. The number M of units that are on is Binomial(N, probability),
given that at least one is on. The squared norm of an isotropic vector behind this mask is then
chi-square with M degrees of freedom.

References:
    [derived] Worked out for this package and checked by simulation.
"""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import special

Vector = NDArray[np.float64]

# Counts further from the mean than this have a total probability below 1e-30, and their logs are
# bounded. The added constant is for a small expected count, whose tail is that of a Poisson law.
_STANDARD_DEVIATIONS: Final = 12.0
_POISSON_TAIL: Final = 40


def active_moments(width: int, probability: float) -> tuple[float, float]:
    """Return mean and variance of ``ln(chi2_M / N)``.

    Args:
        width: Units N.
        probability: Chance of one unit to be on, above 0 and at most 1.

    Returns:
        ``E[psi(M/2)] + ln 2 - ln N`` and ``E[psi1(M/2)] + Var[psi(M/2)]``, in nats.
    """
    active, weights = _active_units(width, probability)
    expected = width * probability
    # psi(M/2) + ln 2 - ln N = [psi(M/2) - ln(M/2)] + ln(M / (N p)) + ln p. The terms that vary with
    # M are small, so that no digits cancel at large widths.
    excess = digamma_less_log(active / 2.0) + np.log1p((active - expected) / expected)
    centre = float(weights @ excess)
    spread = float(weights @ (excess - centre) ** 2)
    trigamma = float(weights @ special.polygamma(1, active / 2.0))
    return centre + math.log(probability), trigamma + spread


def _active_units(width: int, probability: float) -> tuple[Vector, Vector]:
    """Return the possible counts of active units and their probabilities, given at least one.

    Returns:
        Two float64 vectors of one shape; the second sums to 1.
    """
    if probability == 1.0:
        return np.array([float(width)]), np.ones(1)
    mean = width * probability
    reach = _STANDARD_DEVIATIONS * math.sqrt(mean * (1.0 - probability))
    low = max(1, math.floor(mean - reach) - _POISSON_TAIL)
    high = min(width, math.ceil(mean + reach) + _POISSON_TAIL)
    active = np.arange(low, high + 1, dtype=np.float64)
    # Binomial coefficients overflow beyond width 1000, and differences of log-gammas lose digits:
    # the ratio of neighbours, C(N, M + 1) / C(N, M) = (N - M) / (M + 1), does neither.
    odds = probability / (1.0 - probability)
    log_ratios = np.log((width - active[:-1]) / (active[:-1] + 1.0) * odds)
    log_weights = np.concatenate([[0.0], np.cumsum(log_ratios)])
    return active, special.softmax(log_weights)


def digamma_less_log(x: Vector) -> Vector:
    """Return psi(x) - ln x for x > 0 without cancellation at large x."""
    inverse_square = 1.0 / (x * x)
    # Asymptotic series; the first term left out is below 1e-17 from x = 30 up.
    series = -0.5 / x - inverse_square * (
        1 / 12 - inverse_square * (1 / 120 - inverse_square * (1 / 252 - inverse_square / 240))
    )
    return np.where(x < 30.0, special.digamma(x) - np.log(x), series)
