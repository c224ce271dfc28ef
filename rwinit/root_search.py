"""Find the g at which the mean of ln Z over simulated networks is 0.

ln Z runs from the last hidden layer back to the first, over D - 1 matrices. The mean is over the
networks that pass any error at all; a g at which most pass none counts as too small. Every g is
evaluated with the same random numbers, of a fixed seed, so that equal requests give equal results.
The two control variates of `rwinit.simulation` remove most of the noise.

For a bounded activation the mean does not rise with g everywhere: far above g* every unit
saturates. The search returns the first crossing from below.

References:
    [derived] Worked out for this package and checked by simulation.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from rwinit.simulation import Networks, Setting

Array = NDArray[np.float64]

# Units times layers times networks of one evaluation; about 50 ns each.
_PILOT_WORK: Final = 800_000
_LARGEST_WORK: Final = 200_000_000
# Networks of the first evaluation of a g.
_FEWEST: Final = 6
_MOST: Final = 2000

# A regression on two controls and a constant leaves three degrees of freedom then.
_FEWEST_TO_REGRESS: Final = 6
# Where fewer networks pass an error, the mean over them is not that of a typical network.
_ALIVE_SHARE: Final = 0.5
# The scan covers a factor of 1.15 ** 28 = 50 from the first guess.
_SCAN_RATIO: Final = 1.15
_SCAN_STEPS: Final = 28
# Relative distance of the two points that give the slope at the root.
_OUTER: Final = 0.01
# Further digits of g are noise.
_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class GainEstimate:
    """An unbiased g and its standard error.

    Attributes:
        gain: g.
        standard_error: Standard error of ``gain``; 0 where g is exact.
        n_samples: Simulated networks behind it; 0 where g is exact.
        n_dead: Networks among them that passed no error; they are left out of the mean.
    """

    gain: float
    standard_error: float
    n_samples: int
    n_dead: int


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean of ln Z at one g, over networks that pass an error.

    Attributes:
        value: The mean, in nats, after regression on the controls.
        error: Its standard error, in nats.
        n_samples: Simulated networks.
        n_dead: Networks among them that pass no error.
    """

    value: float
    error: float
    n_samples: int
    n_dead: int


NotFound = tuple[float, float, float, float]
"""The last four fields of `rwinit.GainNotFoundError`: the range of g, and the closest point."""


def search(setting: Setting, seed: int, standard_error: float) -> GainEstimate | NotFound:
    """Return the unbiased g by simulation, or the fields of an error if there is none.

    Args:
        setting: The networks; their depth is at least 2.
        seed: Non-negative seed of the simulation.
        standard_error: Requested standard error of g.
    """
    units = sum(setting.widths)
    networks = Networks(setting, seed)
    n_samples = max(_FEWEST, min(_MOST, _PILOT_WORK // units))

    def mean_at(g: float) -> Mean:
        return mean_log_gain(*networks.log_gains(g, n_samples))

    bracket = _bracket(mean_at, _first_guess(setting))
    if len(bracket) == 4:
        return bracket
    g = _crossing(mean_at, *bracket)
    largest = max(_FEWEST, _LARGEST_WORK // units)
    for _ in range(5):
        estimate = _polished(mean_at, g)
        g, excess = estimate.gain, (estimate.standard_error / standard_error) ** 2
        if excess <= 1.0 or n_samples >= largest:
            break
        # At most a hundredfold at once: the standard error of a small pilot is not precise.
        n_samples = min(largest, math.ceil(1.15 * min(excess, 100.0) * n_samples))
    return estimate


def mean_log_gain(gains: Array, controls: Array) -> Mean:
    """Return the mean of ln Z over the networks that pass an error.

    Args:
        gains: ln Z, shape ``(samples,)``; ``-inf`` for a network that passes no error.
        controls: Control variates of mean 0, shape ``(samples, 2)``.
    """
    alive = np.isfinite(gains)
    n_alive, n_dead = int(alive.sum()), int((~alive).sum())
    if n_alive < max(2, _ALIVE_SHARE * len(gains)):
        return Mean(-math.inf, math.inf, len(gains), n_dead)
    if n_dead or n_alive < _FEWEST_TO_REGRESS:
        # The controls have their known means over all networks only.
        controls = np.zeros_like(controls)
    design = np.column_stack([np.ones(n_alive), controls[alive]])
    coefficients, _, rank, _ = np.linalg.lstsq(design, gains[alive], rcond=None)
    rest = gains[alive] - design @ coefficients
    variance = float(rest @ rest) / max(1, n_alive - int(rank))
    return Mean(float(coefficients[0]), math.sqrt(variance / n_alive), len(gains), n_dead)


def _first_guess(setting: Setting) -> float:
    """Return a g somewhat below the unbiased g of a wide network with small signals."""
    near_zero = setting.nonlinearity.derivative(np.array([-1e-6, 1e-6]))
    steepness = max(math.sqrt(float(np.mean(near_zero**2))), 0.1)
    return 0.9 / steepness * math.sqrt(setting.keep)


def _bracket(
    mean_at: Callable[[float], Mean], start: float
) -> tuple[float, float, float, float] | tuple[float, float]:
    """Return two neighbours of a geometric grid between which the mean crosses 0 upwards.

    Where there are none, return the four numbers of `NotFound`.
    """
    g, value = start, mean_at(start).value
    closest, at_closest = g, value
    step = _SCAN_RATIO if value < 0.0 else 1.0 / _SCAN_RATIO
    for _ in range(_SCAN_STEPS):
        before, g = g, g * step
        crossed = (value < 0.0) != ((value := mean_at(g).value) < 0.0)
        if crossed:
            return min(before, g), max(before, g)
        if abs(value) < abs(at_closest):
            closest, at_closest = g, value
    # An error carries finite numbers only.
    finite = at_closest if math.isfinite(at_closest) else -1e300
    return min(start, g), max(start, g), closest, finite


def _crossing(mean_at: Callable[[float], Mean], low: float, high: float) -> float:
    """Return a zero between two g whose means differ in sign, well within the noise."""
    at_low, at_high = mean_at(low).value, mean_at(high).value
    for _ in range(30):
        if high - low < 2e-3 * low or not math.isfinite(at_low):
            break
        # The Illinois rule of regula falsi: halve the value at the end that stays.
        g = (low * at_high - high * at_low) / (at_high - at_low)
        middle = mean_at(g)
        if abs(middle.value) < 0.3 * middle.error:
            return g
        if middle.value < 0.0:
            low, at_low, at_high = g, middle.value, at_high / 2.0
        else:
            high, at_high, at_low = g, middle.value, at_low / 2.0
    return (low + high) / 2.0


def _polished(mean_at: Callable[[float], Mean], g: float) -> GainEstimate:
    """Return the zero near g by a line through two means and a correction at its zero."""
    low, high = g * (1.0 - _OUTER), g * (1.0 + _OUTER)
    below, above = mean_at(low), mean_at(high)
    slope = (above.value - below.value) / (high - low)
    if not (math.isfinite(slope) and slope > 0.0):
        return GainEstimate(round(g, _DECIMALS), math.inf, below.n_samples, below.n_dead)
    # A noisy first guess may be several per cent off; further away the line is not valid.
    guess = min(max(low - below.value / slope, g * 0.9), g * 1.1)
    middle = mean_at(guess)
    root = min(max(guess - middle.value / slope, g * 0.85), g * 1.15)
    return GainEstimate(
        round(root, _DECIMALS), middle.error / slope, middle.n_samples, middle.n_dead
    )
