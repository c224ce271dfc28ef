"""Expected memory and arithmetic of a trial, counted from its shape."""

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
    """What one trial takes.

    Attributes:
        shape: The trial's sizes, from which the rest is counted.
        parameters: Weights and biases.
        memory_bytes: Peak of a worker that runs the trial alone and keeps every activation, with
            its data set and without libraries.
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
    """Return what each trial of a point takes.

    Args:
        point: One without issues.
        width: Units per hidden layer.
        dataset: Shape of its data set.
        profile_epochs: Epochs to profile; those after the trials' last epoch are left out.
    """
    return _taken(shape_of(point, width, profile_epochs), dataset)


# Many points differ in nothing that counts here.
@lru_cache(maxsize=1024)
def _taken(shape: TrialShape, dataset: DatasetShape) -> TrialResources:
    network, n_outputs = shape.network, dataset.n_outputs(shape.task)
    groups = architecture_of(network).parameters(network, dataset.n_inputs, n_outputs)
    memory = pack_memory([shape], dataset, 1, recomputes=False)
    weights = sum(group.weights for group in groups)
    # Two operations per weight forwards, and four backwards but for the input's own gradient.
    step = 6 * weights - 2 * dataset.n_inputs * network.width
    passes = (shape.epochs + 1) * (dataset.n_train + dataset.n_eval)
    flops = step * dataset.n_train * shape.epochs + 2 * weights * passes
    return TrialResources(shape, parameter_count(groups), memory.total, flops)
