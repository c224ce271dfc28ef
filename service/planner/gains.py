"""The factor g of the hidden matrices: as written, relative, or the scheme's own."""

import json
from functools import cache

import rwinit
from service.planner.written import GMode
from service.spec import Mistake, Point
from workers.contract import Activation, Scheme

RELATIVE_PATH = "init.g.relative"

_FIXED = frozenset({Scheme.HE, Scheme.GLOROT, Scheme.LECUN})
_UNBIASED = frozenset({Scheme.RWI, Scheme.ORTHOGONAL})

#: What [SA14] found to work where it gives no formula.
_ADVICE = {Activation.TANH: " (between 1.1 and 1.3 works well for tanh)"}


def mode_of(point: Point) -> GMode:
    """Return how a point's g was written."""
    if RELATIVE_PATH in point:
        return GMode.RELATIVE
    return GMode.AUTO if point["init.g"] == "auto" else GMode.ABSOLUTE


def gain_of(point: Point, width: int) -> float:
    """Return g for a point's networks of a width.

    Args:
        point: One without a `gain_mistake`.
        width: Units per hidden layer.
    """
    scheme = Scheme(point.text("init.scheme"))
    activation = Activation(point.text("network.activation"))
    slope = point.number("network.slope")
    match mode_of(point):
        case GMode.ABSOLUTE:
            return point.number("init.g")
        case GMode.RELATIVE:
            return point.number(RELATIVE_PATH) * _unbiased(activation, width, scheme, slope)
        case GMode.AUTO:
            return rwinit.scheme_gain(scheme, activation, width, slope)


def relative_of(point: Point) -> float | None:
    """Return g over the unbiased g as the spec says it, or None where it says nothing."""
    match mode_of(point):
        case GMode.RELATIVE:
            return point.number(RELATIVE_PATH)
        case GMode.AUTO if Scheme(point.text("init.scheme")) in _UNBIASED:
            return 1.0
        case _:
            return None


def gain_mistake(point: Point) -> Mistake | None:
    """Return a mistake where g cannot be had as it is written."""
    mode = mode_of(point)
    scheme = Scheme(point.text("init.scheme"))
    if scheme in _FIXED:
        return None if mode is GMode.AUTO else _given_twice(point, scheme)
    activation = Activation(point.text("network.activation"))
    if mode is GMode.ABSOLUTE or _has_closed_form(activation, scheme, mode):
        return None
    advice = _ADVICE.get(activation, "")
    message = f"no closed form for {activation}: give g as a number{advice}"
    return Mistake("init.g", _written(point), message)


def _given_twice(point: Point, scheme: Scheme) -> Mistake:
    message = f"{scheme} fixes its own gain: leave g out, or use scheme rwi with this g"
    return Mistake("init.g", _written(point), message)


def _written(point: Point) -> str:
    if RELATIVE_PATH in point:
        return json.dumps({"relative": point[RELATIVE_PATH]})
    return json.dumps(point["init.g"])


def _unbiased(activation: Activation, width: int, scheme: Scheme, slope: float = 0.01) -> float:
    weights = "orthogonal" if scheme is Scheme.ORTHOGONAL else "gaussian"
    return rwinit.gain(activation, width, weights=weights, slope=slope)


@cache
def _has_closed_form(activation: Activation, scheme: Scheme, mode: GMode) -> bool:
    # Asked at one small width: a closed form is there for all widths or for none.
    try:
        if mode is GMode.RELATIVE:
            _unbiased(activation, 2, scheme)
        else:
            rwinit.scheme_gain(scheme, activation, 2)
    except rwinit.UnsupportedActivationError:
        return False
    return True
