"""What a trial is expected to take: memory and arithmetic, counted from its shape."""

from dataclasses import dataclass

from service.planner.widths import parameter_count
from service.spec import Point
from workers.contract import DatasetShape, OptimizerKind, Precision, Task


@dataclass(frozen=True, slots=True)
class Resources:
    """What one trial takes.

    Attributes:
        parameters: Weights and biases.
        memory_bytes: Parameters, gradients, optimizer state and one batch's activations with
            their errors; neither the data set nor the libraries.
        flops: Additions and multiplications of all matrix products: training steps, and a full
            pass over both splits at epoch 0 and after every epoch.
    """

    parameters: int
    memory_bytes: int
    flops: int


def resources_of(point: Point, width: int, shape: DatasetShape) -> Resources:
    """Return what a point's trials take, each.

    Args:
        point: One without mistakes.
        width: Units per hidden layer.
        shape: Of its data set.
    """
    depth = point.whole("network.depth")
    n_outputs = shape.n_outputs(Task(point.text("dataset.task")))
    parameters = parameter_count(shape.n_inputs, n_outputs, depth, width)
    number_bytes = 8 if point["training.precision"] == Precision.FLOAT64 else 4
    batch = min(point.whole("training.batch_size"), shape.n_train)
    # A hidden unit has its output and its error; the input has no error.
    per_sample = shape.n_inputs + 2 * (depth * width + n_outputs)
    numbers = (2 + _state_copies(point)) * parameters + batch * per_sample
    weights = parameters - depth * width - n_outputs
    # Two operations per weight forwards, and four backwards but for the input's own gradient.
    step = 6 * weights - 2 * shape.n_inputs * width
    epochs = point.whole("training.epochs")
    passes = (epochs + 1) * (shape.n_train + shape.n_eval)
    flops = step * shape.n_train * epochs + 2 * weights * passes
    return Resources(parameters, numbers * number_bytes, flops)


def _state_copies(point: Point) -> int:
    """Return how many numbers the optimizer keeps per parameter."""
    if point["training.optimizer.kind"] == OptimizerKind.ADAM:
        return 2
    return 1 if point.number("training.optimizer.momentum", 0.0) > 0.0 else 0
