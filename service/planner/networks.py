"""Resolve the network of a point: its hyper-parameters, and its width from a parameter budget."""

import json
from dataclasses import replace
from functools import lru_cache

from service.spec import Point, SpecIssue
from workers.architectures import ARCHITECTURES, architecture_of, parameter_count
from workers.contract import Activation, DatasetShape, Network, Scheme, Task

BUDGET_PATH = "network.width.parameters"


def network_of(point: Point, width: int) -> Network:
    """Return a point's network with every hyper-parameter resolved to a number.

    Args:
        point: A point without issues.
        width: Units per hidden layer, at least 1.
    """
    kind, depth = ARCHITECTURES[point.text("network.kind")], point.whole("network.depth")
    return kind.network(
        activation=Activation(point.text("network.activation")),
        slope=point.number("network.slope"),
        depth=depth,
        width=width,
        written=point.hyperparameters(),
    )


def hyper_issue(point: Point) -> SpecIssue | None:
    """Return an issue if values of the kind's hyper-parameters cannot be used together."""
    kind, written = ARCHITECTURES[point.text("network.kind")], point.hyperparameters()
    issue = kind.hyper_issue(point.whole("network.depth"), written)
    if issue is None:
        return None
    return SpecIssue(f"network.{issue.name}", json.dumps(written[issue.name]), issue.message)


def width_of(point: Point, shape: DatasetShape) -> int:
    """Return the width of a point's networks; 0 if its budget is too small for the least width.

    A budget gives the largest width of at most so many parameters that is a multiple of
    `width_unit`.
    """
    if BUDGET_PATH not in point:
        return point.whole("network.width")
    n_outputs = shape.n_outputs(Task(point.text("dataset.task")))
    widest = _widest(network_of(point, 1), shape.n_inputs, n_outputs, point.whole(BUDGET_PATH))
    return widest - widest % width_unit(point)


def width_unit(point: Point) -> int:
    """Return the number of which a point's width is a multiple: 2 where units come in pairs."""
    return 2 if point["init.scheme"] == Scheme.LOOKS_LINEAR else 1


def width_issue(point: Point, shape: DatasetShape) -> SpecIssue | None:
    """Return an issue if the parameter budget is too small for the least width."""
    if width_of(point, shape) > 0:
        return None
    n_outputs = shape.n_outputs(Task(point.text("dataset.task")))
    width, depth = width_unit(point), point.whole("network.depth")
    least = _count(network_of(point, 1), width, shape.n_inputs, n_outputs)
    message = f"width {width} at depth {depth} on {shape.name} already has {least} parameters"
    return SpecIssue(BUDGET_PATH, str(point.whole(BUDGET_PATH)), message)


# The points of a sweep have few distinct networks, and each count goes through all their layers.
@lru_cache(maxsize=4096)
def _widest(network: Network, n_inputs: int, n_outputs: int, budget: int) -> int:
    """Return the largest width whose network has at most ``budget`` parameters; 0 for none.

    The count grows with the width, so a doubling search and a bisection find it.
    """
    fitting, above = 0, 1
    while _count(network, above, n_inputs, n_outputs) <= budget:
        fitting, above = above, 2 * above
    while above - fitting > 1:
        middle = (fitting + above) // 2
        if _count(network, middle, n_inputs, n_outputs) <= budget:
            fitting = middle
        else:
            above = middle
    return fitting


def _count(network: Network, width: int, n_inputs: int, n_outputs: int) -> int:
    """Return the number of parameters that a network would have at another width."""
    groups = architecture_of(network).parameters(replace(network, width=width), n_inputs, n_outputs)
    return parameter_count(groups)
