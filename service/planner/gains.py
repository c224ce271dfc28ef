"""Resolve g, the factor of the hidden matrices, from a number, a ratio or the scheme."""

import json

import rwinit
from service.enums import GMode
from service.planner.walk_laws import unbiased_gain
from service.spec import Point, SpecIssue
from workers.architectures import WalkQuestion, architecture_of
from workers.contract import Activation, Network, Scheme

RELATIVE_PATH = "init.g.relative"

# Schemes whose formula fixes g, and schemes whose own g is the unbiased one.
_FIXED = frozenset({Scheme.HE, Scheme.GLOROT, Scheme.LECUN})
_UNBIASED = frozenset({Scheme.RWI, Scheme.ORTHOGONAL, Scheme.LYAPUNOV, Scheme.LYAPUNOV_SAMPLED})
# Schemes whose unit draw needs no factor.
_UNIT = frozenset({Scheme.LSUV, Scheme.LOOKS_LINEAR})


MEASURED = "lsuv scales every layer by what it measures on training samples"


def mode_of(point: Point) -> GMode:
    """Return the form in which a point gives g."""
    if RELATIVE_PATH in point:
        return GMode.RELATIVE
    return GMode.AUTO if point["init.g"] == "auto" else GMode.ABSOLUTE


def gain_of(point: Point, network: Network) -> float:
    """Return g of a point's networks; takes a second or so if it must be simulated.

    Args:
        point: A point without a `gain_issue`.
        network: The point's resolved network.

    Raises:
        rwinit.GainNotFoundError: No g makes the drift of the simulated walk zero.
    """
    scheme = Scheme(point.text("init.scheme"))
    match mode_of(point):
        case GMode.ABSOLUTE:
            return point.number("init.g")
        case GMode.RELATIVE:
            return point.number(RELATIVE_PATH) * unbiased_gain(gain_walk_of(point, network))
        case GMode.AUTO if scheme in _UNBIASED:
            return unbiased_gain(gain_walk_of(point, network))
        case GMode.AUTO if scheme in _UNIT:
            return 1.0
        case GMode.AUTO:
            return rwinit.scheme_gain(scheme, network.activation, network.width, network.slope)


def gain_walk_of(point: Point, network: Network) -> WalkQuestion:
    """Return the walk of which the unbiased g makes the drift zero."""
    scheme, g_in = Scheme(point.text("init.scheme")), point.number("init.g_in")
    return architecture_of(network).gain_walk(network, scheme=scheme, g_in=g_in)


def relative_of(point: Point) -> float | None:
    """Return the ratio of g to the unbiased g; None if the spec does not give g in that way."""
    match mode_of(point):
        case GMode.RELATIVE:
            return point.number(RELATIVE_PATH)
        case GMode.AUTO if Scheme(point.text("init.scheme")) in _UNBIASED:
            return 1.0
        case _:
            return None


def gain_issue(point: Point) -> SpecIssue | None:
    """Return an issue if the scheme does not allow the form in which g is written.

    Nothing is simulated, so that an activation without an unbiased g is not found here.
    """
    mode = mode_of(point)
    scheme = Scheme(point.text("init.scheme"))
    if scheme in _FIXED:
        return None if mode is GMode.AUTO else _fixed_gain_issue(point, scheme)
    if scheme is Scheme.RWI_PAPER and mode is GMode.AUTO:
        return _no_formula_issue(point)
    if scheme is Scheme.LSUV and mode is not GMode.AUTO:
        return SpecIssue("init.g", _written(point), f"{MEASURED}; leave g out")
    if scheme is Scheme.LOOKS_LINEAR and mode is GMode.RELATIVE:
        message = "looks_linear has g 1 of its own: give g as a number, or leave it out"
        return SpecIssue("init.g", _written(point), message)
    return None


def not_found(point: Point, error: rwinit.GainNotFoundError) -> SpecIssue:
    """Return the issue of a point whose activation has no unbiased g."""
    return SpecIssue("init.g", _written(point), f"{error}; give g as a number")


def _no_formula_issue(point: Point) -> SpecIssue | None:
    activation = Activation(point.text("network.activation"))
    if activation in (Activation.LINEAR, Activation.RELU):
        return None
    message = f"the paper has no formula for {activation}: use scheme rwi, or give g as a number"
    return SpecIssue("init.g", _written(point), message)


def _fixed_gain_issue(point: Point, scheme: Scheme) -> SpecIssue:
    message = f"{scheme} fixes its own gain: leave g out, or use scheme rwi with this g"
    return SpecIssue("init.g", _written(point), message)


def _written(point: Point) -> str:
    if RELATIVE_PATH in point:
        return json.dumps({"relative": point[RELATIVE_PATH]})
    return json.dumps(point["init.g"])
