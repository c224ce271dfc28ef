"""Log norms of activations, errors and gradients by layer.

They show where in a network each of them grows or vanishes.
"""

import torch
from torch import Tensor

from workers.contract import LayerProfile, Loss, Task, TrialSpec
from workers.datasets import Data
from workers.engines import Engine
from workers.engines.devices import fixed_arithmetic
from workers.engines.gradients import log_norm
from workers.engines.objective import batch_loss
from workers.training.frozen_network import FrozenNetwork
from workers.training.passes import ForwardPass, branch_error, forward, input_error, outputs
from workers.training.scaled import Scaled, mean_log_norm


@fixed_arithmetic()
def layer_profile(engine: Engine, spec: TrialSpec, data: Data, epoch: int) -> LayerProfile:
    """Return the profile of a trial's present weights on the first ``batch_size`` samples.

    The trial is not changed, and no random number is drawn.

    Args:
        engine: Contains the trial.
        spec: The trial.
        data: Its data set.
        epoch: The epoch that has just ended.
    """
    network = FrozenNetwork(spec, engine)
    x = torch.tensor(data.train_x[: spec.training.batch_size], dtype=torch.float64)
    passed = forward(network, x)
    error = _output_error(spec.loss, outputs(network, passed.inputs[-1]), _targets(spec, data, x))
    errors, gradients = _backward(network, passed, error)
    return LayerProfile(
        trial_id=spec.trial_id,
        epoch=epoch,
        activation_log_norms=tuple(mean_log_norm(h) for h in passed.inputs[1:]),
        error_log_norms=errors,
        gradient_log_norms=gradients,
    )


def _targets(spec: TrialSpec, data: Data, x: Tensor) -> Tensor:
    if spec.task is Task.AUTOENCODE or data.train_y is None:
        return x
    return torch.tensor(data.train_y[: spec.training.batch_size])


def _output_error(loss: Loss, given: Tensor, targets: Tensor) -> Scaled:
    """Return the gradient of the batch's loss with respect to the outputs."""
    with torch.enable_grad():
        leaf = given.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(batch_loss(loss, leaf, targets), leaf)
    return Scaled.plain(gradient).normalised()


def _backward(
    network: FrozenNetwork, passed: ForwardPass, error: Scaled
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    """Return log norms of the D errors and of the D + 1 gradients, both from the input side."""
    errors: list[float | None] = []
    gradients: list[float | None] = []
    for place in range(network.depth, -1, -1):
        branch = branch_error(network, passed, place, error)
        if network.rules[place].activated:
            branch = branch.normalised()
        gradients.append(_gradient_log_norm(branch, passed.inputs[place]))
        if place:
            error = input_error(network, passed, place, branch, error)
            errors.append(mean_log_norm(error))
    return tuple(reversed(errors)), tuple(reversed(gradients))


def _gradient_log_norm(error: Scaled, given: Scaled) -> float | None:
    """Return ln of the norm of a matrix's gradient; None if it is 0.

    The gradient is the sum over the samples of ``error input^T``.
    """
    # Summed relative to the largest summand, so that nothing over- or underflows.
    logs = error.log_norms() + given.log_norms()
    largest = logs.max()
    if largest == -torch.inf:
        return None
    shares = (logs - largest).exp()
    summed = (error.normalised().rows * shares[:, None]).T @ given.normalised().rows
    log = log_norm(summed)
    return None if log is None else log + largest.item()
