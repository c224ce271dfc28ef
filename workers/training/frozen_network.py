"""The network of a trial in any engine, with its matrices in float64."""

import torch
from torch import Tensor

from rwinit import Nonlinearity, nonlinearity
from workers.architectures import Skip, architecture_of
from workers.contract import HOMOGENEOUS, TrialSpec
from workers.engines import Engine
from workers.engines.layer_formula import filtered


class FrozenNetwork:
    """Weights of a trial in an engine, by layer of the network's program.

    Attributes:
        depth: Hidden layers D.
        rules: Rule of each of the D + 1 layers, input side first.
        nonlinearity: Nonlinearity f of the hidden layers.
        is_homogeneous: Whether f(c x) = c f(x) for c > 0.
    """

    def __init__(self, spec: TrialSpec, engine: Engine) -> None:
        """Read the weights of a trial, which are not copied: the trial must not be trained.

        Args:
            spec: The trial.
            engine: Contains the trial.
        """
        network = spec.network
        self.depth = network.depth
        self._layers = architecture_of(network).layers(network)
        self.rules = tuple(layer.rule for layer in self._layers)
        self.nonlinearity: Nonlinearity = nonlinearity(network.activation, network.slope)
        self.is_homogeneous = network.activation in HOMOGENEOUS
        self._weights, self._biases = engine.parameters(spec.trial_id)

    def matrix(self, place: int) -> Tensor:
        """Return the matrix of one of the D + 1 layers, ``(fan_out, fan_in)``; 0 is the first."""
        layer = self._layers[place]
        return _exact(self._weights[layer.group][layer.place])

    def bias(self, place: int) -> Tensor:
        """Return the bias of one of the D + 1 layers, ``(fan_out,)``; 0 is the first."""
        layer = self._layers[place]
        return _exact(self._biases[layer.group][layer.place])

    def gate_matrix(self, place: int) -> Tensor:
        """Return the gate's matrix W_T of a layer that has a gate, ``(width, width)``."""
        return _exact(self._weights[self._gate_group(place)][self._layers[place].place])

    def gate_bias(self, place: int) -> Tensor:
        """Return the gate's bias b_T of a layer that has a gate, ``(width,)``."""
        return _exact(self._biases[self._gate_group(place)][self._layers[place].place])

    def filtered(self, place: int, h: Tensor) -> Tensor:
        """Return ``S h`` of the layer at a place, for rows h of shape ``(batch, width)``."""
        layer = self._layers[place]
        if layer.skip_group is None:
            return h
        return filtered(
            layer.rule.skip, _exact(self._weights[layer.skip_group][layer.skip_place]), h
        )

    def filtered_back(self, place: int, error: Tensor) -> Tensor:
        """Return ``S' e`` of the layer at a place, for rows e of shape ``(batch, width)``."""
        layer = self._layers[place]
        if layer.skip_group is None:
            return error
        fixed = _exact(self._weights[layer.skip_group][layer.skip_place])
        if layer.rule.skip is Skip.PERMUTATION:
            return torch.empty_like(error).index_copy_(1, fixed, error)
        return error @ fixed

    def _gate_group(self, place: int) -> str:
        group = self._layers[place].gate_group
        if group is None:
            raise ValueError(f"layer {place} has no gate")
        return group


def _exact(values: Tensor) -> Tensor:
    """Return a copy on the CPU, with real numbers in float64."""
    dtype = torch.float64 if values.is_floating_point() else values.dtype
    # A copy even of float64: the rounding of a product can depend on the alignment of its operands.
    return values.detach().to("cpu", dtype, copy=True).contiguous()
