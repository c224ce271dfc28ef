"""A PyTorch module that computes any program of layers; the network of the reference engine."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from rwinit.activations import activation_function
from workers.architectures import Layer, ParameterGroup, architecture_of
from workers.contract import Network
from workers.engines.initial_draws import GroupTensors
from workers.engines.layer_formula import filtered, layer_output
from workers.engines.matrix_draws import blank_matrix


class ProgramNetwork(nn.Module):
    """A network of any kind, whose matrices start at zero and whose biases at their initial value.

    Attributes:
        groups: Groups of parameters.
        layers: Program of the network.
    """

    def __init__(
        self,
        network: Network,
        groups: Sequence[ParameterGroup],
        layers: Sequence[Layer],
        dtype: torch.dtype,
    ) -> None:
        """Build the network.

        Args:
            network: Network whose activation is used.
            groups: Groups of parameters of the layers.
            layers: The program, input side first.
            dtype: Floating-point type of the parameters.
        """
        super().__init__()
        self.groups, self.layers = tuple(groups), tuple(layers)
        self._function = activation_function(network.activation, network.slope)
        for group in groups:
            for place in range(group.count):
                weight = blank_matrix(group, dtype)
                self._register(group, f"{group.name}_weight_{place}", weight)
                if group.trainable:
                    bias = torch.full((group.fan_out,), group.bias, dtype=dtype)
                    self._register(group, f"{group.name}_bias_{place}", bias)

    @classmethod
    def of(
        cls, network: Network, n_inputs: int, n_outputs: int, dtype: torch.dtype
    ) -> "ProgramNetwork":
        """Return the network of a description, with all matrices zero."""
        kind = architecture_of(network)
        groups = kind.parameters(network, n_inputs, n_outputs)
        return cls(network, groups, kind.layers(network), dtype)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs of the network.

        Args:
            x: Samples, shape ``(batch, n_inputs)``, in the dtype of the parameters.

        Returns:
            Outputs of the last layer, shape ``(batch, n_outputs)``.
        """
        h = x
        for layer in self.layers:
            h = self._layer(layer, h)
        return h

    def weights(self) -> GroupTensors:
        """Return the matrices by group; a permutation is the order of its columns."""
        return {group.name: self._tensors(group, "weight") for group in self.groups}

    def biases(self) -> GroupTensors:
        """Return the biases by group; fixed groups have none."""
        trainable = [group for group in self.groups if group.trainable]
        return {group.name: self._tensors(group, "bias") for group in trainable}

    def parameters_of(self, group: ParameterGroup) -> list[nn.Parameter]:
        """Return the matrices and biases of a trainable group."""
        parts = [(part, place) for place in range(group.count) for part in ("weight", "bias")]
        return [self.get_parameter(f"{group.name}_{part}_{place}") for part, place in parts]

    def weight_of(self, layer: Layer) -> Tensor:
        """Return the matrix W of a layer."""
        return self.get_parameter(f"{layer.group}_weight_{layer.place}")

    def _layer(self, layer: Layer, h: Tensor) -> Tensor:
        before = self._affine(layer.group, layer.place, h)
        gate = None
        if layer.gate_group is not None:
            gate = self._affine(layer.gate_group, layer.place, h)
        return layer_output(layer.rule, self._function, before, self._carried(layer, h), gate)

    def _affine(self, group: str, place: int, h: Tensor) -> Tensor:
        weight = self.get_parameter(f"{group}_weight_{place}")
        return functional.linear(h, weight, self.get_parameter(f"{group}_bias_{place}"))

    def _carried(self, layer: Layer, h: Tensor) -> Tensor:
        """Return ``S h``."""
        if layer.skip_group is None:
            return h
        matrix = self.get_buffer(f"{layer.skip_group}_weight_{layer.skip_place}")
        return filtered(layer.rule.skip, matrix, h)

    def _tensors(self, group: ParameterGroup, part: str) -> list[Tensor]:
        get = self.get_parameter if group.trainable else self.get_buffer
        return [get(f"{group.name}_{part}_{place}") for place in range(group.count)]

    def _register(self, group: ParameterGroup, name: str, values: Tensor) -> None:
        if group.trainable:
            self.register_parameter(name, nn.Parameter(values))
        else:
            self.register_buffer(name, values)
