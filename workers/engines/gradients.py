"""Log norms of gradients, safe from underflow and overflow."""

import math

import torch
from torch import Tensor

from workers.contract import Loss
from workers.engines.interface import GradientNorms
from workers.engines.objective import batch_loss
from workers.engines.program_network import ProgramNetwork


def gradient_norms(
    network: ProgramNetwork, loss: Loss, x: Tensor, targets: Tensor
) -> GradientNorms:
    """Return the log gradient norms of the first and the last matrix.

    Args:
        network: Network in float64; it is not changed.
        loss: Loss that training steps minimize.
        x: Inputs, float64, shape ``(batch, n_inputs)``.
        targets: Targets as for `batch_loss`.
    """
    value = batch_loss(loss, network(x), targets)
    ends = [network.weight_of(layer) for layer in (network.layers[0], network.layers[-1])]
    first, last = torch.autograd.grad(value, ends)
    return GradientNorms(log_norm(first), log_norm(last))


def log_norm(values: Tensor) -> float | None:
    """Return ln of the Euclidean norm; None where it is 0 or a value is not finite."""
    # Values are divided by the largest before they are squared: no square overflows, and squares
    # that underflow do not matter to the sum.
    largest = values.abs().max().item()
    if largest == 0.0 or not math.isfinite(largest):
        return None
    return math.log(largest) + 0.5 * math.log((values / largest).square().sum().item())
