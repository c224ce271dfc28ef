"""The width of the hidden layers, as written or from a budget of parameters."""

import math

from service.spec import Point, SpecIssue
from workers.contract import DatasetShape, Task

BUDGET_PATH = "network.width.parameters"


def parameter_count(n_inputs: int, n_outputs: int, depth: int, width: int) -> int:
    """Return the number of weights and biases of a feed-forward network.

    Args:
        n_inputs: Dimensions of a sample.
        n_outputs: Width of the last layer.
        depth: Hidden layers, at least 1.
        width: Units per hidden layer.
    """
    weights = n_inputs * width + (depth - 1) * width * width + width * n_outputs
    return weights + depth * width + n_outputs


def widest(n_inputs: int, n_outputs: int, depth: int, budget: int) -> int:
    """Return the largest width whose network has at most ``budget`` parameters; 0 for none."""
    # The count is a N^2 + b N + n_outputs; whole-number roots are exact where floats are not.
    square, linear, left = depth - 1, n_inputs + n_outputs + depth, budget - n_outputs
    if left < 0:
        return 0
    if square == 0:
        return left // linear
    return (math.isqrt(linear * linear + 4 * square * left) - linear) // (2 * square)


def width_of(point: Point, shape: DatasetShape) -> int:
    """Return the width of a point's networks; 0 where its budget is too small for any."""
    if BUDGET_PATH not in point:
        return point.whole("network.width")
    n_outputs = shape.n_outputs(Task(point.text("dataset.task")))
    depth = point.whole("network.depth")
    return widest(shape.n_inputs, n_outputs, depth, point.whole(BUDGET_PATH))


def width_issue(point: Point, shape: DatasetShape) -> SpecIssue | None:
    """Return an issue where a budget is too small for even one unit per layer."""
    if width_of(point, shape) > 0:
        return None
    n_outputs = shape.n_outputs(Task(point.text("dataset.task")))
    depth = point.whole("network.depth")
    least = parameter_count(shape.n_inputs, n_outputs, depth, 1)
    message = f"width 1 at depth {depth} on {shape.name} already has {least} parameters"
    return SpecIssue(BUDGET_PATH, str(point.whole(BUDGET_PATH)), message)
