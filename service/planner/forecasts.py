"""The predicted walk of a configuration: at once where it is exact, else simulated and kept.

A simulation takes a second or more, so there are three ways to ask: `at_once` for what needs
none, `recalled` for what an earlier one left on disk, and `simulated`, which takes its time.
"""

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

import rwinit
from rwinit import cache
from rwinit.estimates import ALGORITHM
from service.planner.configurations import Configuration
from service.planner.gains import unbiased
from workers.contract import Activation

MOST_UNITS: Final = 2_000_000
"""Width times depth of the largest network that is simulated: about half a minute of one core."""

# Raise it when what `simulated` stores changes.
_VERSION: Final = 2
_NUMBERS: Final = 7
_FOUND, _NOT_FOUND, _PASSES_NOTHING = 0.0, 1.0, 2.0
# Beyond these layers the correlation of a homogeneous network is taken to stay as it is there.
_LAYERS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is expected of the log gradient norm ``ln(|delta_1| / |delta_D|)``.

    Attributes:
        g: Multiplier of the hidden matrices; None while it is not known.
        drift: Mean, in nats; None while it is not known, or if no network passes an error.
        drift_error: Standard error of it; 0 where it is exact.
        spread: Standard deviation, in nats.
        death_probability: Chance that some layer passes nothing; None where it is not known.
        decorrelation: 1 less the correlation, in the last layer, of two inputs that are
            uncorrelated in the first; None where lengths are not kept, see ``depth_scale``.
        depth_scale: Layers over which a correlation's distance from its fixed point falls by e;
            None where it falls slower, or where there is no fixed point.
        merges: Whether that fixed point is 1, so that all inputs come to look alike.
        pending: Whether the numbers are still to be simulated.
        without_gain: Whether no g leaves the walk without drift, so that planning refuses it.
        passes_nothing: Whether hardly any simulated network passes an error.
        remark: Why a number is missing for good; None where none is.
    """

    g: float | None = None
    drift: float | None = None
    drift_error: float | None = None
    spread: float | None = None
    death_probability: float | None = None
    decorrelation: float | None = None
    depth_scale: float | None = None
    merges: bool | None = None
    pending: bool = False
    without_gain: bool = False
    passes_nothing: bool = False
    remark: str | None = None


def at_once(configuration: Configuration) -> Forecast | None:
    """Return the forecast of a configuration that needs no simulation; None for any other.

    Networks too large to be simulated here have a forecast that says so.
    """
    if configuration.exact:
        return _exact(configuration)
    if configuration.width * configuration.depth > MOST_UNITS:
        remark = f"not simulated: width times depth is over {MOST_UNITS}"
        return Forecast(g=configuration.g, death_probability=_death(configuration), remark=remark)
    return None


def awaited(configuration: Configuration) -> Forecast:
    """Return what is known of a configuration before its simulation."""
    return Forecast(g=configuration.g, death_probability=_death(configuration), pending=True)


def recalled(configuration: Configuration) -> Forecast | None:
    """Return the forecast that an earlier `simulated` left on disk; None where there is none."""
    numbers = cache.recall(cache.cache_folder(), _key(configuration), _NUMBERS)
    return None if numbers is None else _read(configuration, numbers)


def simulated(configuration: Configuration) -> Forecast:
    """Return the forecast of a configuration, in seconds, and leave it on disk."""
    numbers = _simulate(configuration)
    cache.store(cache.cache_folder(), _key(configuration), numbers)
    return _read(configuration, numbers)


def death_probability(activation: str, width: int, depth: int, slope: float) -> float | None:
    """Return the chance that a layer passes nothing; None where there is no formula."""
    # It is flat beyond 1, so that a layer of saturated units passes nothing.
    if activation == Activation.HARDTANH:
        return None
    return float(rwinit.death_probability(activation, width, depth, slope=slope))


def mean_field(activation: str, g: float, slope: float) -> rwinit.MeanField | None:
    """Return the fixed points of very wide networks; None where there are none."""
    try:
        return rwinit.mean_field(activation, sigma_w=g, slope=slope)
    except ValueError:
        # Lengths grow without bound, or every unit saturates so that the slope is 0.
        return None


def _death(asked: Configuration) -> float | None:
    return death_probability(asked.activation, asked.width, asked.depth, asked.slope)


def _exact(configuration: Configuration) -> Forecast:
    g = _gain(configuration)
    law = _law(configuration, g)
    activation, slope = configuration.activation, configuration.slope
    depth = min(configuration.depth, _LAYERS)
    return Forecast(
        g=g,
        drift=float(law.drift),
        drift_error=0.0,
        spread=float(law.spread),
        death_probability=_death(configuration),
        decorrelation=1.0 - float(_homogeneous_correlations(activation, slope)[depth - 1]),
        merges=activation != Activation.LINEAR,
    )


def _gain(configuration: Configuration) -> float:
    if configuration.relative is None:
        assert configuration.g is not None  # one of the two is always given
        return configuration.g
    return configuration.relative * unbiased(
        configuration.activation,
        configuration.width,
        configuration.depth,
        weights=configuration.weights,
        slope=configuration.slope,
        g_in=configuration.g_in,
    )


def _law(configuration: Configuration, g: float) -> rwinit.WalkLaw:
    return rwinit.walk_law(
        configuration.activation,
        configuration.width,
        configuration.depth,
        g=g,
        weights=configuration.weights,
        slope=configuration.slope,
        conditions=rwinit.Conditions(g_in=configuration.g_in, n_inputs=configuration.n_inputs),
    )


@lru_cache(maxsize=256)
def _homogeneous_correlations(activation: str, slope: float) -> NDArray[np.float64]:
    # It depends on ratios alone, so neither on g nor on the width.
    return rwinit.correlation_at_depth(activation, 0.0, _LAYERS, sigma_w=1.0, slope=slope)


def _simulate(configuration: Configuration) -> tuple[float, ...]:
    """Return the numbers that are kept; what is not finite, and what is not known, is -1."""
    try:
        g = _gain(configuration)
    except rwinit.GainNotFoundError as error:
        tried = (error.lowest, error.highest, error.closest, error.log_gain)
        return _NOT_FOUND, *tried, 0.0, 0.0
    scale, fixed = _mean_field(configuration, g)
    try:
        law = _law(configuration, g)
    except rwinit.ArgumentError:
        # Every argument was checked when the spec was read: too few networks pass an error.
        return _PASSES_NOTHING, g, 0.0, 0.0, 0.0, scale, fixed
    moments = (float(law.drift), float(law.drift_error), float(law.spread))
    if not all(map(math.isfinite, moments)):  # most networks pass nothing
        return _PASSES_NOTHING, g, 0.0, 0.0, 0.0, scale, fixed
    return _FOUND, g, *moments, scale, fixed


def _mean_field(configuration: Configuration, g: float) -> tuple[float, float]:
    field = mean_field(configuration.activation, g, configuration.slope)
    if field is None:
        return -1.0, -1.0
    return field.depth_scale if math.isfinite(field.depth_scale) else -1.0, field.correlation


def _read(configuration: Configuration, numbers: tuple[float, ...]) -> Forecast:
    kind, g, drift, error, spread, scale, fixed = numbers
    dying = _death(configuration)
    if kind == _NOT_FOUND:
        name, width, depth = configuration.activation, configuration.width, configuration.depth
        why = rwinit.GainNotFoundError(name, width, depth, *numbers[1:5])
        return Forecast(death_probability=dying, without_gain=True, remark=str(why))
    depth_scale, merges = (scale if scale > 0.0 else None), (None if fixed < 0.0 else fixed == 1.0)
    known = Forecast(g=g, death_probability=dying, depth_scale=depth_scale, merges=merges)
    if kind == _PASSES_NOTHING:
        remark = "hardly any simulated network passes an error"
        return replace(known, passes_nothing=True, remark=remark)
    return replace(known, drift=drift, drift_error=error, spread=spread)


def _key(configuration: Configuration) -> str:
    fields = asdict(configuration)
    fields |= {"what": "forecast", "version": _VERSION, "algorithm": ALGORITHM}
    return json.dumps(fields, sort_keys=True)
