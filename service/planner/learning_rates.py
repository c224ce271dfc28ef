"""Resolve the learning rates by the rules for depth and for branch gains.

The base rate is ``lr * (depth / 10)^lr_depth_power``; the hidden matrices' rate is that times
``beta^lr_beta_power``, with beta the gain of the branches.
"""

import math

from service.spec import Point, SpecIssue
from workers.architectures import architecture_of
from workers.contract import Network, OptimizerKind

# The depth at which the learning rate is used as written.
_REFERENCE_DEPTH = 10
_BETA_POWER = "training.lr_beta_power"


def rate_of(point: Point) -> float:
    """Return ``lr * (depth / 10)^lr_depth_power``; inf if that is too large for a float."""
    ratio = point.whole("network.depth") / _REFERENCE_DEPTH
    return point.number("training.lr") * _power(ratio, point.number("training.lr_depth_power"))


def branch_factor_of(point: Point, network: Network) -> float:
    """Return ``beta^lr_beta_power``; inf if that is too large for a float.

    It is 1 for networks whose branches have no gain.

    Args:
        point: A point without a `hyper_issue`.
        network: The point's resolved network.
    """
    kind, written = architecture_of(network), point[_BETA_POWER]
    if written == "auto":
        power = kind.branch_lr_power(OptimizerKind(point.text("training.optimizer.kind")))
    else:
        power = point.number(_BETA_POWER)
    return _power(kind.hidden_rule(network).branch_gain, power)


def rate_issue(point: Point, network: Network) -> SpecIssue | None:
    """Return an issue if the rules give no finite learning rates above 0."""
    rate, factor = rate_of(point), branch_factor_of(point, network)
    if not _is_rate(rate):
        depth, power = point.whole("network.depth"), point.number("training.lr_depth_power")
        message = (
            f"at depth {depth} the learning rate would be {rate}: "
            f"{point.number('training.lr')} x ({depth}/{_REFERENCE_DEPTH})^{power}"
        )
        return SpecIssue("training.lr_depth_power", str(power), message)
    if not _is_rate(rate * factor) or not _is_rate(factor):
        message = f"the learning rate of hidden matrices would be {rate} x {factor}"
        return SpecIssue(_BETA_POWER, str(point[_BETA_POWER]), message)
    return None


def _is_rate(rate: float) -> bool:
    return math.isfinite(rate) and rate > 0.0


def _power(base: float, power: float) -> float:
    try:
        return math.pow(base, power)
    except OverflowError:
        return math.inf
