"""The state of a trial as named arrays, which every engine can save and restore.

The matrices of a group are stacked, input side first, so that a deep network has few arrays. Each
kind of optimizer state has arrays of the same shapes as the parameters. Fixed groups are not saved;
they are drawn again from the trial's seed.
"""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.architectures import ParameterGroup, architecture_of
from workers.contract import DatasetShape, OptimizerKind, Precision, TrialSpec
from workers.engines.initial_draws import GroupTensors
from workers.engines.interface import TrainingState
from workers.errors import WorkersError

PARAMETERS = "parameters"
MOMENTUM = "momentum"
MEAN = "mean"
SQUARE = "square"


class StateMismatchError(WorkersError):
    """A saved state does not have the arrays of the trial that it is restored to."""

    def __init__(self, name: str, given: str, expected: str) -> None:
        super().__init__(name, given, expected)
        self.name = name
        self.given = given
        self.expected = expected

    def __str__(self) -> str:
        return f"saved state: {self.name} is {self.given}, expected {self.expected}"


def state_kinds(spec: TrialSpec) -> tuple[str, ...]:
    """Return the kinds of numbers that are stored for each parameter, parameters first."""
    if spec.optimizer.kind is OptimizerKind.ADAM:
        return PARAMETERS, MEAN, SQUARE
    return (PARAMETERS, MOMENTUM) if spec.optimizer.momentum != 0.0 else (PARAMETERS,)


def kind_arrays(kind: str, weights: GroupTensors, biases: GroupTensors) -> dict[str, NDArray[Any]]:
    """Return named copies of one kind of numbers, with the matrices of a group stacked.

    Args:
        kind: Name of the kind.
        weights: Tensors for the matrices of the trainable groups.
        biases: Tensors for the biases of the trainable groups.
    """
    return {
        f"{kind}.{group}.{part}": np.stack([_array(tensor) for tensor in tensors])
        for part, by_group in (("weight", weights), ("bias", biases))
        for group, tensors in by_group.items()
        if tensors
    }


def fill_(kind: str, weights: GroupTensors, biases: GroupTensors, state: TrainingState) -> None:
    """Write one kind of numbers from a state into tensors.

    Args:
        kind: Name of the kind.
        weights: Tensors for the matrices of the trainable groups, overwritten.
        biases: Tensors for the biases of the trainable groups, overwritten.
        state: The state.
    """
    for part, by_group in (("weight", weights), ("bias", biases)):
        for group, tensors in by_group.items():
            for place, tensor in enumerate(tensors):
                tensor.copy_(_tensor(state.arrays[f"{kind}.{group}.{part}"][place]))


def trained_groups(spec: TrialSpec, dataset: DatasetShape) -> list[ParameterGroup]:
    """Return the trainable groups of a trial's network, which a state contains."""
    return [group for group in groups_of(spec, dataset) if group.trainable]


def fixed_groups(spec: TrialSpec, dataset: DatasetShape) -> list[ParameterGroup]:
    """Return the groups of a trial's network that are not trained."""
    return [group for group in groups_of(spec, dataset) if not group.trainable]


def groups_of(spec: TrialSpec, dataset: DatasetShape) -> tuple[ParameterGroup, ...]:
    """Return all groups of parameters of a trial's network."""
    network = spec.network
    return architecture_of(network).parameters(
        network, dataset.n_inputs, dataset.n_outputs(spec.task)
    )


def by_group(groups: Sequence[ParameterGroup], tensors: Sequence[Tensor]) -> GroupTensors:
    """Return tensors by group, given one for each matrix in the order of the groups."""
    rest = iter(tensors)
    return {group.name: [*islice(rest, group.count)] for group in groups}


def check_state(spec: TrialSpec, dataset: DatasetShape, state: TrainingState) -> None:
    """Check that a state has the arrays of a trial.

    Raises:
        StateMismatchError: An array is missing, superfluous, or of another shape or dtype.
    """
    dtype = "float32" if spec.training.precision is Precision.FLOAT32 else "float64"
    expected = {
        f"{kind}.{name}": f"{dtype}{shape}"
        for kind in state_kinds(spec)
        for name, shape in _shapes(spec, dataset).items()
    }
    given = {name: f"{array.dtype}{array.shape}" for name, array in state.arrays.items()}
    for name in sorted({*expected, *given}):
        if expected.get(name) != given.get(name):
            raise StateMismatchError(
                name, given.get(name, "missing"), expected.get(name, "nothing")
            )


def _shapes(spec: TrialSpec, dataset: DatasetShape) -> Mapping[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for group in trained_groups(spec, dataset):
        if group.count:
            shapes[f"{group.name}.weight"] = (group.count, group.fan_out, group.fan_in)
            shapes[f"{group.name}.bias"] = (group.count, group.fan_out)
    return shapes


def _array(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy().copy()


def _tensor(array: NDArray[Any]) -> Tensor:
    return torch.tensor(array)  # A copy: arrays may be read-only.
