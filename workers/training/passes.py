"""One pass through the layers of a frozen network, with nothing lost to under- or overflow.

Back-propagation is linear in the error, so errors keep their scale apart for every activation.
Activations do where the activation is homogeneous; any other one is bounded, or leaves float64
only where the loss has left it too.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from workers.architectures import LayerRule, Skip
from workers.training.frozen_network import FrozenNetwork
from workers.training.scaled import Scaled


@dataclass(frozen=True, slots=True, eq=False)
class Forward:
    """What a forward pass leaves behind.

    Attributes:
        inputs: Input of each of the D + 1 matrices; `inputs[d]` is the d-th hidden layer.
        slopes: f' of each hidden layer's pre-activations, D of them, shape ``(batch, width)``.
    """

    inputs: tuple[Scaled, ...]
    slopes: tuple[Tensor, ...]


def forward(network: FrozenNetwork, x: Tensor) -> Forward:
    """Send inputs through the hidden layers.

    Args:
        network: The network.
        x: float64, shape ``(batch, n_inputs)``.
    """
    h = Scaled.plain(x)
    inputs, slopes = [h], []
    for place in range(network.depth):
        before = _affine(network, h, place)
        with np.errstate(all="ignore"):  # Saturated slopes underflow, and that is their value.
            values = before.rows.numpy()
            # Copies, in memory that torch aligned: a product may round by where its operands lie.
            after = torch.tensor(network.nonlinearity.function(values))
            slopes.append(torch.tensor(network.nonlinearity.derivative(values)))
        h = _joined(network.rules[place], Scaled(after, before.logs), h)
        if network.is_homogeneous:
            h = h.normalised()
        inputs.append(h)
    return Forward(tuple(inputs), tuple(slopes))


def branch_error(network: FrozenNetwork, passed: Forward, place: int, error: Scaled) -> Scaled:
    """Return the error with respect to what a layer's nonlinearity gets.

    Args:
        network: The network.
        passed: Its forward pass.
        place: The layer, 0 is the first.
        error: With respect to the layer's output.
    """
    rule = network.rules[place]
    if rule.branch_gain != 1.0:
        error = error.scaled(rule.branch_gain)
    return Scaled(error.rows * passed.slopes[place], error.logs) if rule.activated else error


def input_error(network: FrozenNetwork, place: int, branch: Scaled, error: Scaled) -> Scaled:
    """Return the error with respect to a layer's input, with rows of length 1.

    Args:
        network: The network.
        place: The layer.
        branch: What `branch_error` returned.
        error: With respect to the layer's output.
    """
    rule = network.rules[place]
    below = branch.times(network.matrix(place))
    if rule.skip is Skip.NONE:
        return below
    return below.plus(error.scaled(rule.skip_gain)).normalised()


def _joined(rule: LayerRule, branch: Scaled, carried: Scaled) -> Scaled:
    """Return a layer's output from its branch and its input."""
    if rule.branch_gain != 1.0:
        branch = branch.scaled(rule.branch_gain)
    if rule.skip is Skip.NONE:
        return branch
    return branch.plus(carried.scaled(rule.skip_gain))


def outputs(network: FrozenNetwork, last: Scaled) -> Tensor:
    """Return the outputs for the last hidden layer's activations, ``(batch, n_outputs)``."""
    before = _affine(network, last, network.depth)
    return before.rows * before.logs.exp()[:, None]


def _affine(network: FrozenNetwork, h: Scaled, place: int) -> Scaled:
    """Return ``W h + b``; for a homogeneous network at a scale at which both terms are finite."""
    product, bias = h.rows @ network.matrix(place).T, network.bias(place)
    size = bias.norm()
    if not network.is_homogeneous or size == 0.0:
        return Scaled(product + bias, h.logs)
    logs = torch.maximum(h.logs, size.log())
    rows = product * (h.logs - logs).exp()[:, None]
    return Scaled(rows + bias / size * (size.log() - logs).exp()[:, None], logs)
