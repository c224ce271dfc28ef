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

# ln of a size that float64 holds, and at which every gate is open or shut.
_LARGEST_LOG = 600.0


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """Gate of a layer during a forward pass.

    Attributes:
        opening: T, shape ``(batch, width)``.
        slope: Derivative of the layer's output by the input of the gate's sigmoid, elementwise.
    """

    opening: Tensor
    slope: Scaled


@dataclass(frozen=True, slots=True, eq=False)
class ForwardPass:
    """Values of a forward pass that the backward pass needs.

    Attributes:
        inputs: Input of each of the D + 1 matrices; `inputs[d]` for d > 0 is the output of the d-th
            hidden layer.
        slopes: f' of each hidden layer's pre-activations, D of them, shape ``(batch, width)``.
        gates: Gate of each hidden layer, D of them; None for a layer without a gate.
    """

    inputs: tuple[Scaled, ...]
    slopes: tuple[Tensor, ...]
    gates: tuple[Gate | None, ...]


def forward(network: FrozenNetwork, x: Tensor) -> ForwardPass:
    """Return the activations of the hidden layers for some inputs.

    Args:
        network: The network.
        x: Inputs, float64, shape ``(batch, n_inputs)``.
    """
    h = Scaled.plain(x)
    inputs, slopes, gates = [h], list[Tensor](), list[Gate | None]()
    for place in range(network.depth):
        before = _affine(network, h, place)
        # The slopes of saturated units underflow to 0, which is their value to double precision.
        with np.errstate(all="ignore"):
            values = before.rows.numpy()
            # `torch.tensor` copies to aligned memory. The rounding of a product can depend on the
            # alignment of its operands, and numpy's results lie anywhere.
            after = torch.tensor(network.nonlinearity.function(values))
            slopes.append(torch.tensor(network.nonlinearity.derivative(values)))
        h, gate = _layer_output(network, place, Scaled(after, before.logs), h)
        gates.append(gate)
        if network.is_homogeneous:
            h = h.normalised()
        inputs.append(h)
    return ForwardPass(tuple(inputs), tuple(slopes), tuple(gates))


def branch_error(network: FrozenNetwork, passed: ForwardPass, place: int, error: Scaled) -> Scaled:
    """Return the error with respect to the input of a layer's nonlinearity.

    Args:
        network: The network.
        passed: Its forward pass.
        place: Index of the layer; 0 is the first.
        error: Error with respect to the layer's output.
    """
    rule, gate = network.rules[place], _gate_of(passed, place)
    if rule.branch_gain != 1.0:
        error = error.scaled(rule.branch_gain)
    if gate is not None:
        error = Scaled(error.rows * gate.opening, error.logs)
    return Scaled(error.rows * passed.slopes[place], error.logs) if rule.activated else error


def input_error(
    network: FrozenNetwork, passed: ForwardPass, place: int, branch: Scaled, error: Scaled
) -> Scaled:
    """Return the error with respect to a layer's input, with rows of length 1.

    Args:
        network: The network.
        passed: Its forward pass.
        place: Index of the layer; 0 is the first.
        branch: Result of `branch_error` for the layer.
        error: Error with respect to the layer's output.
    """
    rule, gate = network.rules[place], _gate_of(passed, place)
    below = branch.times(network.matrix(place))
    if rule.skip is Skip.NONE:
        return below
    carried = Scaled(network.filtered_back(place, error.rows), error.logs).scaled(rule.skip_gain)
    if gate is None:
        return below.plus(carried).normalised()
    carried = Scaled(carried.rows * (1.0 - gate.opening), carried.logs)
    through = Scaled(error.rows * gate.slope.rows, error.logs + gate.slope.logs)
    return below.plus(carried).plus(through.times(network.gate_matrix(place))).normalised()


def _gate_of(passed: ForwardPass, place: int) -> Gate | None:
    """Return the gate of a layer; the last layer, which the forward pass leaves out, has none."""
    return passed.gates[place] if place < len(passed.gates) else None


def _layer_output(
    network: FrozenNetwork, place: int, branch: Scaled, h: Scaled
) -> tuple[Scaled, Gate | None]:
    """Return a layer's output and its gate from its branch and its input."""
    rule = network.rules[place]
    if rule.branch_gain != 1.0:
        branch = branch.scaled(rule.branch_gain)
    if rule.skip is Skip.NONE:
        return branch, None
    carried = Scaled(network.filtered(place, h.rows), h.logs).scaled(rule.skip_gain)
    if not rule.gated:
        return branch.plus(carried), None
    opening = _opening(network, place, h)
    difference = branch.plus(Scaled(-carried.rows, carried.logs))
    gate = Gate(
        opening, Scaled(difference.rows * opening * (1.0 - opening), difference.logs).normalised()
    )
    mixed = Scaled(branch.rows * opening, branch.logs)
    return mixed.plus(Scaled(carried.rows * (1.0 - opening), carried.logs)), gate


def _opening(network: FrozenNetwork, place: int, h: Scaled) -> Tensor:
    """Return the gate's T. It depends on the true size of h, of which it saturates early."""
    size = h.logs.clamp(max=_LARGEST_LOG).exp()[:, None]
    return torch.sigmoid(h.rows @ network.gate_matrix(place).T * size + network.gate_bias(place))


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
