"""The factor g of the hidden matrices: as written, relative, or the scheme's own."""

import json

import rwinit
from service.enums import GMode
from service.spec import Point, SpecIssue
from workers.contract import Activation, Scheme

RELATIVE_PATH = "init.g.relative"

_FIXED = frozenset({Scheme.HE, Scheme.GLOROT, Scheme.LECUN})
_UNBIASED = frozenset({Scheme.RWI, Scheme.ORTHOGONAL})


def mode_of(point: Point) -> GMode:
    """Return how a point's g was written."""
    if RELATIVE_PATH in point:
        return GMode.RELATIVE
    return GMode.AUTO if point["init.g"] == "auto" else GMode.ABSOLUTE


def gain_of(point: Point, width: int) -> float:
    """Return g for a point's networks of a width.

    Linear, ReLU and leaky ReLU have exact laws. Any other activation is simulated with a fixed
    seed, which takes a second or so the first time and is remembered on disk: the same question
    always has the same answer.

    Args:
        point: One without a `gain_issue`.
        width: Units per hidden layer.

    Raises:
        rwinit.GainNotFoundError: No g leaves the simulated walk without drift.
    """
    scheme = Scheme(point.text("init.scheme"))
    match mode_of(point):
        case GMode.ABSOLUTE:
            return point.number("init.g")
        case GMode.RELATIVE:
            return point.number(RELATIVE_PATH) * _unbiased(point, width, scheme)
        case GMode.AUTO if scheme in _UNBIASED:
            return _unbiased(point, width, scheme)
        case GMode.AUTO:
            activation = point.text("network.activation")
            return rwinit.scheme_gain(scheme, activation, width, point.number("network.slope"))


def unbiased(
    activation: str, width: int, depth: int, *, weights: str, slope: float, g_in: float
) -> float:
    """Return the unbiased g of a trial's network: the one question that everybody here asks.

    Raises:
        rwinit.GainNotFoundError: No g leaves the simulated walk without drift.
    """
    conditions = rwinit.Conditions(g_in=g_in)
    return rwinit.gain(
        activation, width, depth, weights=weights, slope=slope, conditions=conditions
    )


def weights_of(scheme: Scheme) -> str:
    """Return the law of a scheme's hidden matrices, as rwinit calls it."""
    return "orthogonal" if scheme is Scheme.ORTHOGONAL else "gaussian"


def relative_of(point: Point) -> float | None:
    """Return g over the unbiased g as the spec says it, or None where it says nothing."""
    match mode_of(point):
        case GMode.RELATIVE:
            return point.number(RELATIVE_PATH)
        case GMode.AUTO if Scheme(point.text("init.scheme")) in _UNBIASED:
            return 1.0
        case _:
            return None


def gain_issue(point: Point) -> SpecIssue | None:
    """Return an issue where g cannot be had as it is written; simulates nothing."""
    mode = mode_of(point)
    scheme = Scheme(point.text("init.scheme"))
    if scheme in _FIXED:
        return None if mode is GMode.AUTO else _given_twice(point, scheme)
    if scheme is Scheme.RWI_PAPER and mode is GMode.AUTO:
        return _beyond_the_paper(point)
    return None


def not_found(point: Point, error: rwinit.GainNotFoundError) -> SpecIssue:
    """Return the issue of a point whose activation has no unbiased g."""
    return SpecIssue("init.g", _written(point), f"{error}; give g as a number")


def _beyond_the_paper(point: Point) -> SpecIssue | None:
    activation = Activation(point.text("network.activation"))
    if activation in (Activation.LINEAR, Activation.RELU):
        return None
    message = f"the paper has no formula for {activation}: use scheme rwi, or give g as a number"
    return SpecIssue("init.g", _written(point), message)


def _given_twice(point: Point, scheme: Scheme) -> SpecIssue:
    message = f"{scheme} fixes its own gain: leave g out, or use scheme rwi with this g"
    return SpecIssue("init.g", _written(point), message)


def _written(point: Point) -> str:
    if RELATIVE_PATH in point:
        return json.dumps({"relative": point[RELATIVE_PATH]})
    return json.dumps(point["init.g"])


def _unbiased(point: Point, width: int, scheme: Scheme) -> float:
    return unbiased(
        point.text("network.activation"),
        width,
        point.whole("network.depth"),
        weights=weights_of(scheme),
        slope=point.number("network.slope"),
        g_in=point.number("init.g_in"),
    )
