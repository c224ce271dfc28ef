"""Forecasts of random networks' walks, from an exact law or from a simulation.

A simulation takes a second or more. So `immediate_forecast` answers if none is needed,
`cached_forecast` if one was made before, `simulated_forecast` simulates, and `pending_forecast`
has the values that are known before that.
"""

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, TypeAdapter, ValidationError

import rwinit
from rwinit import cache
from rwinit.estimates import ALGORITHM
from service.planner.walk_laws import (
    MOST_UNITS,
    PredictedLaw,
    gradient_bounds,
    is_too_large,
    predicted_law,
    unbiased_gain,
)
from service.planner.walk_requests import WalkRequest
from workers.architectures import LAWS
from workers.contract import Activation

# Part of the cache's key: raise it when the stored value of `simulated_forecast` changes.
_VERSION: Final = 3
# The correlation of a homogeneous network is computed for so many layers, and taken as constant
# beyond them.
_LAYERS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _NoGain:
    """Stored result where no g makes the drift zero: fields of `rwinit.GainNotFoundError`."""

    lowest: float
    highest: float
    closest: float
    log_gain: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gain:
    """Stored result of a simulation: a g and the law of networks that have it.

    Attributes:
        g: Multiplier of the hidden matrices.
        law: Law of the walk; None if hardly any simulated network passes an error back.
        depth_scale: Number of layers over which a correlation's distance from its fixed point falls
            by a factor e.
        merges: Whether that fixed point is 1.
    """

    g: float
    law: PredictedLaw | None
    # Stored as well, because the fixed points take a quarter of a second to find.
    depth_scale: float | None
    merges: bool | None


_SIMULATED: Final = TypeAdapter[_Gain | _NoGain](
    _Gain | _NoGain, config=ConfigDict(allow_inf_nan=False)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Predicted distribution of the log gradient norm ``ln(|delta_1| / |delta_D|)``.

    Attributes:
        g: Multiplier of the hidden matrices; None while unknown.
        drift: Mean, in nats; None while unknown, or if no network passes an error back.
        drift_error: Standard error of the drift, in nats; 0 if the law is exact.
        spread: Standard deviation, in nats.
        death_probability: Probability that some layer passes no error; None if unknown.
        decorrelation: 1 less the correlation, in the last layer, of two inputs that are
            uncorrelated in the first; None for activations that are not homogeneous, which have
            ``depth_scale`` instead.
        depth_scale: Number of layers over which a correlation's distance from its fixed point falls
            by a factor e; None if it falls more slowly, or if there is no fixed point.
        merges: Whether that fixed point is 1, so that the network makes all inputs alike.
        pending: Whether the numbers are still to be simulated.
        without_gain: Whether no g makes the drift zero, so that planning refuses the point.
        log_bounds: Bounds of ln of the factor by which the hidden layers change the norm of any
            error, in nats, which the initial network keeps with a chance of 99 %; the lower one is
            None if there is none. None for networks without skips.
        passes_nothing: Whether hardly any simulated network passes an error back.
        remark: Why a number will stay absent; None if none is absent for good.
    """

    g: float | None = None
    drift: float | None = None
    drift_error: float | None = None
    spread: float | None = None
    death_probability: float | None = None
    decorrelation: float | None = None
    depth_scale: float | None = None
    merges: bool | None = None
    log_bounds: tuple[float | None, float] | None = None
    pending: bool = False
    without_gain: bool = False
    passes_nothing: bool = False
    remark: str | None = None


def immediate_forecast(request: WalkRequest) -> Forecast | None:
    """Return the forecast of a request that needs no simulation; None if it needs one.

    For a network that is too large to be simulated, the forecast has a remark in place of the
    numbers. Of a kind without a law only g can need a simulation.
    """
    if not request.has_law:
        return _without_law(request)
    if request.question.has_skips:
        return _of_filters(request)
    if request.exact:
        return _exact(request)
    if is_too_large(request.question):
        remark = f"not simulated: width times depth is over {MOST_UNITS}"
        return Forecast(g=request.g, death_probability=_death(request), remark=remark)
    return None


def pending_forecast(request: WalkRequest) -> Forecast:
    """Return the forecast of a request before its simulation, which is marked as pending."""
    if not request.has_law:
        return Forecast(pending=True)
    return Forecast(g=request.g, death_probability=_death(request), pending=True)


def cached_forecast(request: WalkRequest) -> Forecast | None:
    """Return the forecast that `simulated_forecast` stored on disk; None if there is none."""
    stored = cache.recall_json(cache.cache_folder(), _key(request))
    try:
        return None if stored is None else _read(request, _SIMULATED.validate_python(stored))
    # The file was written by another version, or is damaged: the simulation replaces it.
    except ValidationError:
        return None


def simulated_forecast(request: WalkRequest) -> Forecast:
    """Simulate the networks of a request, which takes seconds; store and return the forecast."""
    found = _simulate(request)
    cache.store_json(cache.cache_folder(), _key(request), _SIMULATED.dump_python(found))
    return _read(request, found)


def death_probability(activation: str, width: int, depth: int, slope: float) -> float | None:
    """Return the probability that some layer passes no error; None if there is no formula."""
    # Hardtanh is flat beyond 1, so that a layer of saturated units passes nothing; no formula is
    # known for the probability of that.
    if activation == Activation.HARDTANH:
        return None
    return float(rwinit.death_probability(activation, width, depth, slope=slope))


def mean_field(activation: str, g: float, slope: float) -> rwinit.MeanField | None:
    """Return the mean-field fixed points of very wide networks; None if there are none."""
    try:
        return rwinit.mean_field(activation, sigma_w=g, slope=slope)
    except ValueError:
        # Activations grow without bound, or every unit saturates so that the slope is 0.
        return None


def _death(request: WalkRequest) -> float | None:
    asked = request.question
    return death_probability(asked.activation, asked.width, asked.depth, asked.slope)


def _without_law(request: WalkRequest) -> Forecast | None:
    """Return the forecast of a kind without a law; None if its g has to be simulated."""
    if request.exact or request.relative is None:
        return Forecast(g=_gain(request), remark=_no_law(request))
    if is_too_large(request.question):
        remark = f"{_no_law(request)}; g is simulated when the sweep is planned"
        return Forecast(remark=remark)
    return None


def _no_law(request: WalkRequest) -> str:
    scheme = request.question.weights
    # Of networks with skips only those with Gaussian matrices have a law.
    has_law = scheme == "gaussian" if request.question.has_skips else scheme in LAWS
    weights = "" if has_law else f" with {scheme} weights"
    return f"no law is known for the walk of {request.kind} networks{weights}"


def _exact(request: WalkRequest) -> Forecast:
    """Return the forecast of a linear, ReLU or leaky ReLU network, from its exact law."""
    g, question = _gain(request), request.question
    law = predicted_law(question, g)
    assert law is not None  # an exact law is finite
    depth = min(question.depth, _LAYERS)
    correlations = _homogeneous_correlations(question.activation, question.slope)
    return Forecast(
        g=g,
        drift=law.drift,
        drift_error=0.0,
        spread=law.spread,
        death_probability=_death(request),
        decorrelation=1.0 - float(correlations[depth - 1]),
        merges=question.activation is not Activation.LINEAR,
    )


def _of_filters(request: WalkRequest) -> Forecast:
    """Return the forecast of a network whose skips keep the error from vanishing."""
    g, question = _gain(request), request.question
    law, bounds = predicted_law(question, g), gradient_bounds(question, g)
    assert bounds is not None  # the layers have skips
    low, high = bounds
    known = Forecast(g=g, log_bounds=(low if math.isfinite(low) else None, high))
    if law is None:
        return replace(known, remark="no prediction: the law holds for small branch gains only")
    return replace(known, drift=law.drift, drift_error=law.drift_error, spread=law.spread)


def _gain(request: WalkRequest) -> float:
    if request.relative is None:
        assert request.g is not None  # one of the two is always given
        return request.g
    return request.relative * unbiased_gain(request.question)


@lru_cache(maxsize=256)
def _homogeneous_correlations(activation: str, slope: float) -> NDArray[np.float64]:
    # The correlation of a homogeneous network depends on neither g nor the width.
    return rwinit.correlation_at_depth(activation, 0.0, _LAYERS, sigma_w=1.0, slope=slope)


def _simulate(request: WalkRequest) -> _Gain | _NoGain:
    try:
        g = _gain(request)
    except rwinit.GainNotFoundError as error:
        return _NoGain(
            lowest=error.lowest,
            highest=error.highest,
            closest=error.closest,
            log_gain=error.log_gain,
        )
    if not request.has_law:
        return _Gain(g=g, law=None, depth_scale=None, merges=None)
    depth_scale, merges = _correlations(request, g)
    law = predicted_law(request.question, g)
    return _Gain(g=g, law=law, depth_scale=depth_scale, merges=merges)


def _read(request: WalkRequest, found: _Gain | _NoGain) -> Forecast:
    """Return the forecast of a stored result."""
    asked, dying = request.question, _death(request) if request.has_law else None
    if isinstance(found, _NoGain):
        why = rwinit.GainNotFoundError(
            asked.activation.value,
            asked.width,
            asked.depth,
            found.lowest,
            found.highest,
            found.closest,
            found.log_gain,
        )
        return Forecast(death_probability=dying, without_gain=True, remark=str(why))
    if not request.has_law:
        return Forecast(g=found.g, remark=_no_law(request))
    known = Forecast(
        g=found.g, death_probability=dying, depth_scale=found.depth_scale, merges=found.merges
    )
    if found.law is None:
        remark = "hardly any simulated network passes an error"
        return replace(known, passes_nothing=True, remark=remark)
    law = found.law
    return replace(known, drift=law.drift, drift_error=law.drift_error, spread=law.spread)


def _correlations(request: WalkRequest, g: float) -> tuple[float | None, bool | None]:
    """Return the depth scale of two inputs' correlation, and whether it ends at 1."""
    field = mean_field(request.question.activation, g, request.question.slope)
    if field is None:
        return None, None
    # The scale is 0 if every unit saturates, and infinite at the critical point.
    scale = field.depth_scale if 0.0 < field.depth_scale < math.inf else None
    return scale, field.correlation == 1.0


def _key(request: WalkRequest) -> str:
    fields = asdict(request) | {"what": "forecast", "version": _VERSION, "algorithm": ALGORITHM}
    return json.dumps(fields, sort_keys=True)
