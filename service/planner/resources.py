"""Count the memory and arithmetic of a trial from its shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from service.planner.resolution import shape_of
from service.spec import Point
from workers.architectures import architecture_of, parameter_count
from workers.contract import DatasetShape
from workers.estimates import TrialShape, pack_memory


@dataclass(frozen=True, slots=True)
class TrialResources:
    """Resources of one trial.

    Attributes:
        shape: The trial's sizes, from which the others are counted.
        parameters: Number of weights and biases.
        memory_bytes: Peak memory of a worker that runs the trial alone and stores every activation,
            with the data set and without libraries.
        flops: Additions and multiplications of all matrix products: training steps, and a full
            pass over both splits at epoch 0 and after every epoch.
    """

    shape: TrialShape
    parameters: int
    memory_bytes: int
    flops: int


def resources_of(
    point: Point, width: int, dataset: DatasetShape, profile_epochs: Sequence[int] = ()
) -> TrialResources:
    """Return the resources of each trial of a point.

    Args:
        point: A point without issues.
        width: Units per hidden layer.
        dataset: Shape of the point's data set.
        profile_epochs: Epochs to profile; those after the last epoch of the trials are left out.
    """
    return _taken(shape_of(point, width, profile_epochs), dataset)


# Many points of a sweep have equal shapes.
@lru_cache(maxsize=1024)
def _taken(shape: TrialShape, dataset: DatasetShape) -> TrialResources:
    network, n_outputs = shape.network, dataset.n_outputs(shape.task)
    groups = architecture_of(network).parameters(network, dataset.n_inputs, n_outputs)
    memory = pack_memory([shape], dataset, 1, recomputes=False)
    weights, filters = (
        sum(each.weights for each in groups if each.trainable),
        shape.filter_products(),
    )
    # Two operations for each weight and sample forwards, and four backwards: for the weight's
    # gradient and for the error of the layer below, which the first layer does not need. Matrices
    # of skips have no gradient.
    step = 6 * weights + 4 * filters - 2 * dataset.n_inputs * network.width
    passes = (shape.epochs + 1) * (dataset.n_train + dataset.n_eval)
    flops = step * dataset.n_train * shape.epochs + 2 * (weights + filters) * passes
    return TrialResources(shape, parameter_count(groups), memory.total, flops)
