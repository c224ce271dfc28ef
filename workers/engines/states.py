"""A trial's state as named arrays: what every engine saves, and any can take up.

Hidden matrices are stacked, input side first, so that a deep network is six arrays of
parameters and as many for each kind of optimizer state.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.contract import DatasetShape, OptimizerKind, Precision, TrialSpec
from workers.engines.interface import TrialState
from workers.errors import WorkersError

PARAMETERS = "parameters"
MOMENTUM = "momentum"
MEAN = "mean"
SQUARE = "square"


class StateMismatchError(WorkersError):
    """A saved state is not one of the trial that is to take it up."""

    def __init__(self, name: str, given: str, expected: str) -> None:
        super().__init__(name, given, expected)
        self.name = name
        self.given = given
        self.expected = expected

    def __str__(self) -> str:
        return f"saved state: {self.name} is {self.given}, expected {self.expected}"


def state_kinds(spec: TrialSpec) -> tuple[str, ...]:
    """Return the kinds of numbers that a trial has one of for each parameter."""
    if spec.optimizer is OptimizerKind.ADAM:
        return PARAMETERS, MEAN, SQUARE
    return (PARAMETERS, MOMENTUM) if spec.momentum != 0.0 else (PARAMETERS,)


def kind_arrays(
    kind: str, weights: Sequence[Tensor], biases: Sequence[Tensor]
) -> dict[str, NDArray[Any]]:
    """Return copies of one kind of numbers.

    Args:
        kind: Its name.
        weights: Of the shapes of the D + 1 matrices, input side first.
        biases: Likewise.
    """
    arrays = {}
    for part, tensors in (("weight", weights), ("bias", biases)):
        arrays[f"{kind}.first.{part}"] = _array(tensors[0])
        if len(tensors) > 2:
            arrays[f"{kind}.hidden.{part}"] = np.stack([_array(t) for t in tensors[1:-1]])
        arrays[f"{kind}.last.{part}"] = _array(tensors[-1])
    return arrays


def fill_(
    kind: str, weights: Sequence[Tensor], biases: Sequence[Tensor], state: TrialState
) -> None:
    """Write one kind of numbers from a state; arguments as `kind_arrays`'s."""
    for part, tensors in (("weight", weights), ("bias", biases)):
        tensors[0].copy_(_tensor(state.arrays[f"{kind}.first.{part}"]))
        for place, tensor in enumerate(tensors[1:-1]):
            tensor.copy_(_tensor(state.arrays[f"{kind}.hidden.{part}"][place]))
        tensors[-1].copy_(_tensor(state.arrays[f"{kind}.last.{part}"]))


def check_state(spec: TrialSpec, dataset: DatasetShape, state: TrialState) -> None:
    """Check that a state has the arrays of a trial.

    Raises:
        StateMismatchError: An array is missing, one too many, or of another shape or dtype.
    """
    dtype = "float32" if spec.precision is Precision.FLOAT32 else "float64"
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
    width, n_outputs = spec.width, dataset.n_outputs(spec.task)
    shapes: dict[str, tuple[int, ...]] = {
        "first.weight": (width, dataset.n_inputs),
        "first.bias": (width,),
        "last.weight": (n_outputs, width),
        "last.bias": (n_outputs,),
    }
    if spec.depth > 1:
        shapes["hidden.weight"] = (spec.depth - 1, width, width)
        shapes["hidden.bias"] = (spec.depth - 1, width)
    return shapes


def _array(tensor: Tensor) -> NDArray[Any]:
    return tensor.detach().cpu().numpy().copy()


def _tensor(array: NDArray[Any]) -> Tensor:
    return torch.tensor(array)  # A copy: arrays may be read-only.
