"""A trial's network as its saved state has it: any engine's, in float64, matrix by matrix."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from rwinit import Nonlinearity, nonlinearity
from workers.contract import Activation, TrialSpec
from workers.engines import TrialState
from workers.engines.states import PARAMETERS

HOMOGENEOUS = frozenset({Activation.LINEAR, Activation.RELU, Activation.LEAKY_RELU})
"""Activations with f(c x) = c f(x) for c > 0, so that a layer's scale can be kept apart."""


class FrozenNetwork:
    """The weights of one moment.

    Attributes:
        depth: Hidden layers D.
        nonlinearity: Of the hidden layers.
        is_homogeneous: Whether that commutes with positive factors.
    """

    def __init__(self, spec: TrialSpec, state: TrialState) -> None:
        self.depth = spec.depth
        self.nonlinearity: Nonlinearity = nonlinearity(spec.activation, spec.slope)
        self.is_homogeneous = spec.activation in HOMOGENEOUS
        self._arrays = state.arrays

    def matrix(self, place: int) -> Tensor:
        """Return one of the D + 1 matrices, ``(fan_out, fan_in)``; 0 is the first."""
        return torch.tensor(self._part(place, "weight"), dtype=torch.float64)

    def bias(self, place: int) -> Tensor:
        """Return one of the D + 1 biases, ``(fan_out,)``; 0 is the first."""
        return torch.tensor(self._part(place, "bias"), dtype=torch.float64)

    def _part(self, place: int, part: str) -> NDArray[Any]:  # Any: the trial's precision
        if place in (0, self.depth):
            name = "first" if place == 0 else "last"
            return self._arrays[f"{PARAMETERS}.{name}.{part}"]
        row: NDArray[Any] = self._arrays[f"{PARAMETERS}.hidden.{part}"][place - 1]
        return row
