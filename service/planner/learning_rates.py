"""Resolve the learning rate by the rule for depth, ``lr * (depth / 10)^lr_depth_power``."""

import math

from service.spec import Point, SpecIssue

# The depth at which the learning rate is used as written.
_REFERENCE_DEPTH = 10


def rate_of(point: Point) -> float:
    """Return ``lr * (depth / 10)^lr_depth_power``; inf if that is too large for a float."""
    ratio = point.whole("network.depth") / _REFERENCE_DEPTH
    try:
        return point.number("training.lr") * math.pow(
            ratio, point.number("training.lr_depth_power")
        )
    except OverflowError:
        return math.inf


def rate_issue(point: Point) -> SpecIssue | None:
    """Return an issue if the rule gives no finite learning rate above 0."""
    rate = rate_of(point)
    if math.isfinite(rate) and rate > 0:
        return None
    depth, power = point.whole("network.depth"), point.number("training.lr_depth_power")
    message = (
        f"at depth {depth} the learning rate would be {rate}: "
        f"{point.number('training.lr')} x ({depth}/{_REFERENCE_DEPTH})^{power}"
    )
    return SpecIssue("training.lr_depth_power", str(power), message)
