"""Forward and backward pass through a frozen network, without underflow and overflow.

Back-propagation is linear in the error, so the scale of the errors is stored apart for every
activation function. The scale of the activations is stored apart where the function is
homogeneous. Every other function is bounded, or overflows float64 only if the loss does too.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workers.architectures import Skip
from workers.training.frozen_network import FrozenNetwork
from workers.training.scaled import Scaled


@dataclass(frozen=True, slots=True, eq=False)
class ForwardPass:
    """Values of a forward pass that the backward pass needs.

    Attributes:
        inputs: Input of each of the D + 1 matrices; `inputs[d]` for d > 0 is the output of the d-th
            hidden layer.
        slopes: f' of each hidden layer's pre-activations, D of them, shape ``(batch, width)``.
    """

    inputs: tuple[Scaled, ...]
    slopes: tuple[Tensor, ...]


def forward(network: FrozenNetwork, x: Tensor) -> ForwardPass:
    """Return the activations of the hidden layers for some inputs.

    Args:
        network: The network.
        x: Inputs, float64, shape ``(batch, n_inputs)``.
    """
    h = Scaled.plain(x)
    inputs, slopes = [h], []
    for place in range(network.depth):
        before = _affine(network, h, place)
        # The slopes of saturated units underflow to 0, which is their value to double precision.
        with np.errstate(all="ignore"):
            values = before.rows.numpy()
            # `torch.tensor` copies to aligned memory. The rounding of a product can depend on the
            # alignment of its operands, and numpy's results lie anywhere.
            after = torch.tensor(network.nonlinearity.function(values))
            slopes.append(torch.tensor(network.nonlinearity.derivative(values)))
        h = _layer_output(network, place, Scaled(after, before.logs), h)
        if network.is_homogeneous:
            h = h.normalised()
        inputs.append(h)
    return ForwardPass(tuple(inputs), tuple(slopes))


def branch_error(network: FrozenNetwork, passed: ForwardPass, place: int, error: Scaled) -> Scaled:
    """Return the error with respect to the input of a layer's nonlinearity.

    Args:
        network: The network.
        passed: Its forward pass.
        place: Index of the layer; 0 is the first.
        error: Error with respect to the layer's output.
    """
    rule = network.rules[place]
    if rule.branch_gain != 1.0:
        error = error.scaled(rule.branch_gain)
    return Scaled(error.rows * passed.slopes[place], error.logs) if rule.activated else error


def input_error(network: FrozenNetwork, place: int, branch: Scaled, error: Scaled) -> Scaled:
    """Return the error with respect to a layer's input, with rows of length 1.

    Args:
        network: The network.
        place: Index of the layer; 0 is the first.
        branch: Result of `branch_error` for the layer.
        error: Error with respect to the layer's output.
    """
    rule = network.rules[place]
    below = branch.times(network.matrix(place))
    if rule.skip is Skip.NONE:
        return below
    carried = Scaled(network.filtered_back(place, error.rows), error.logs)
    return below.plus(carried.scaled(rule.skip_gain)).normalised()


def _layer_output(network: FrozenNetwork, place: int, branch: Scaled, h: Scaled) -> Scaled:
    """Return a layer's output from its branch and its input."""
    rule = network.rules[place]
    if rule.branch_gain != 1.0:
        branch = branch.scaled(rule.branch_gain)
    if rule.skip is Skip.NONE:
        return branch
    carried = Scaled(network.filtered(place, h.rows), h.logs)
    return branch.plus(carried.scaled(rule.skip_gain))


def outputs(network: FrozenNetwork, last: Scaled) -> Tensor:
    """Return the outputs for the last hidden layer's activations, ``(batch, n_outputs)``."""
    before = _affine(network, last, network.depth)
    return before.rows * before.logs.exp()[:, None]


def _affine(network: FrozenNetwork, h: Scaled, place: int) -> Scaled:
    """Return ``W h + b``.

    In a homogeneous network the sum is stored at the scale of its larger term.
    """
    product, bias = h.rows @ network.matrix(place).T, network.bias(place)
    size = bias.norm()
    if not network.is_homogeneous or size == 0.0:
        return Scaled(product + bias, h.logs)
    logs = torch.maximum(h.logs, size.log())
    rows = product * (h.logs - logs).exp()[:, None]
    return Scaled(rows + bias / size * (size.log() - logs).exp()[:, None], logs)
