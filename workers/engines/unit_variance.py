"""Layer-sequential unit variance: initial matrices scaled by what they do to training samples.

References:
    [MM15] D. Mishkin, J. Matas, All you need is a good init, arXiv:1511.06422.
"""

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from rwinit.activations import activation_function
from workers.architectures import Layer, architecture_of
from workers.contract import TrialSpec
from workers.engines.dtypes import DTYPES
from workers.engines.layer_formula import filtered, layer_output
from workers.engines.matrix_draws import blank_matrix, draw_matrix_
from workers.engines.samples import Split
from workers.generators import weight_generators
from workers.seeding import epoch_order

SAMPLES = 256
"""Training samples on which layers are measured: the first that the trial's first epoch visits.

They depend on the seed and on the data set's size alone, so that trials which differ in anything
else, the batch size included, are measured on the same ones."""


@torch.no_grad()
def scale_layers_(spec: TrialSpec, weights: Mapping[str, Sequence[Tensor]], train: Split) -> None:
    """Scale every trained matrix, input side first, so that W h has variance 1 [MM15].

    The variance is over all units and samples, and computed in float64 on the CPU, so that engines
    start with equal bits. A matrix whose W h does not vary, because no unit before it is active,
    stays as it is, and so do the matrices of gates.

    Args:
        spec: The trial. The biases of scaled matrices are zero, so that one pass is exact.
        weights: Orthogonal matrices of the trained groups, by the group's name; overwritten.
        train: Training samples.
    """
    network = spec.network
    function = activation_function(network.activation, network.slope)
    h = _samples(spec.seed, train)
    others, scaled = _Others(spec, h.shape[1], weights), set[tuple[str, int]]()
    for layer in architecture_of(network).layers(network):
        weight = weights[layer.group][layer.place]
        exact = _exact(weight)
        before = h @ exact.T
        if (layer.group, layer.place) not in scaled:
            scaled.add((layer.group, layer.place))
            factor = _factor(before)
            weight.copy_(exact * factor)
            before = before * factor
        carried, gate = others.carried(layer, h), others.before_gate(layer, h)
        h = layer_output(layer.rule, function, before, carried, gate)


class _Others:
    """Matrices of skips and gates, which are not scaled."""

    def __init__(
        self, spec: TrialSpec, n_inputs: int, weights: Mapping[str, Sequence[Tensor]]
    ) -> None:
        groups = architecture_of(spec.network).parameters(spec.network, n_inputs, 1)
        self._groups = {group.name: group for group in groups}
        self._streams = {group.name: group.streams for group in groups if not group.trainable}
        self._spec, self._weights = spec, weights

    def carried(self, layer: Layer, h: Tensor) -> Tensor:
        """Return S h, or h for a layer without a fixed matrix.

        S is drawn anew: engines store it in forms of their own, or not at all.
        """
        if layer.skip_group is None:
            return h
        group = self._groups[layer.skip_group]
        stream = self._streams[group.name][layer.skip_place]
        (generator,) = weight_generators(self._spec.seed, [stream])
        matrix = blank_matrix(group, DTYPES[self._spec.training.precision])
        draw_matrix_(matrix, group, self._spec, generator)
        exact = _exact(matrix) if matrix.is_floating_point() else matrix
        return filtered(layer.rule.skip, exact, h)

    def before_gate(self, layer: Layer, h: Tensor) -> Tensor | None:
        """Return ``W_T h + b_T``, or None for a layer without a gate."""
        if layer.gate_group is None:
            return None
        matrix = self._weights[layer.gate_group][layer.place]
        return h @ _exact(matrix).T + self._groups[layer.gate_group].bias


def _samples(seed: int, train: Split) -> Tensor:
    first = torch.from_numpy(epoch_order(seed, 1, len(train))[:SAMPLES])
    x, _ = train.batch(first.to(train.device), torch.float64)
    return x.cpu()


def _exact(matrix: Tensor) -> Tensor:
    # A copy even of a float64 matrix: the rounding of a product can depend on the alignment of
    # its operands, and a matrix of a pack lies anywhere in its block.
    return matrix.to("cpu", torch.float64, copy=True)


def _factor(before: Tensor) -> float:
    deviation = before.std(correction=0).item()
    return 1.0 / deviation if deviation > 0.0 and math.isfinite(1.0 / deviation) else 1.0
