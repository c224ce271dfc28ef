"""Optimizers of torch for the update rule of a trial's spec."""

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor
from torch.nn import Parameter
from torch.optim import SGD, Adam, Optimizer

from workers.architectures import ParameterGroup
from workers.contract import OptimizerKind, TrialSpec
from workers.engines.learning_rates import rate_factor
from workers.engines.states import MEAN, MOMENTUM, SQUARE

# Torch's key for each kind of optimizer state.
_STATE_KEYS = {MOMENTUM: "momentum_buffer", MEAN: "exp_avg", SQUARE: "exp_avg_sq"}


RATE_FACTOR = "rate_factor"
"""Key of a group of parameters in torch's optimizers: the factor of its learning rate."""


def optimizer(
    spec: TrialSpec, parameters: Iterable[tuple[ParameterGroup, list[Parameter]]]
) -> Optimizer:
    """Return the trial's optimizer, whose learning rates have to be set before each step.

    Weight decay is added to the gradient (L2), for Adam too.

    Args:
        spec: The trial.
        parameters: Trained parameters by group. Each group's learning rate is that of the step
            times the group's value of `RATE_FACTOR`.
    """
    groups = [
        {"params": tensors, RATE_FACTOR: rate_factor(spec, group)} for group, tensors in parameters
    ]
    # Fused kernels compute the same rules in one pass over memory, which is three to seven times
    # faster for hundreds of small matrices.
    match spec.optimizer.kind:
        case OptimizerKind.SGD:
            return SGD(
                groups,
                lr=spec.training.learning_rate,
                momentum=spec.optimizer.momentum,
                nesterov=spec.optimizer.nesterov,
                weight_decay=spec.optimizer.weight_decay,
                fused=True,
            )
        case OptimizerKind.ADAM:
            return Adam(
                groups,
                lr=spec.training.learning_rate,
                betas=(spec.optimizer.beta1, spec.optimizer.beta2),
                eps=spec.optimizer.eps,
                weight_decay=spec.optimizer.weight_decay,
                fused=True,
            )


def optimizer_state(
    rule: Optimizer, parameters: Sequence[Parameter], names: Sequence[str]
) -> list[list[Tensor]]:
    """Return the state tensors of an optimizer, by name and by parameter.

    Args:
        rule: The optimizer.
        parameters: Parameters that it updates.
        names: Kinds of state by the names of `workers.engines.states`.

    Returns:
        For each name one tensor per parameter; zeros before the first step.
    """
    return [
        [rule.state[p].get(_STATE_KEYS[name], torch.zeros_like(p)) for p in parameters]
        for name in names
    ]


def set_optimizer_state_(
    rule: Optimizer,
    parameters: Sequence[Parameter],
    steps: int,
    names: Sequence[str],
    values: Sequence[Sequence[Tensor]],
) -> None:
    """Set the state of a new optimizer to that of one that has taken steps.

    Args:
        rule: The optimizer, new.
        parameters: Parameters that it updates.
        steps: Steps taken; at 0 nothing is written.
        names: Kinds of state by the names of `workers.engines.states`.
        values: For each name one tensor per parameter; the optimizer uses these tensors.
    """
    if steps == 0:
        return
    for i, parameter in enumerate(parameters):
        for name, tensors in zip(names, values, strict=True):
            rule.state[parameter][_STATE_KEYS[name]] = tensors[i]
        if isinstance(rule, Adam):
            device = parameter.device
            rule.state[parameter]["step"] = torch.tensor(float(steps), device=device)


def clip_(gradients: Sequence[Tensor], bound: float) -> None:
    """Scale gradients down so that their joint Euclidean norm is at most ``bound``.

    Gradients that are not finite are not changed, so that the next loss shows the divergence.
    """
    # In float64: the norm of float32 gradients above 1e19 would be infinite, and the division by it
    # would set all updates to 0 without an error.
    norms = [torch.linalg.vector_norm(gradient, dtype=torch.float64) for gradient in gradients]
    norm = torch.linalg.vector_norm(torch.stack(norms)).item()
    if math.isfinite(norm) and norm > bound:
        for gradient in gradients:
            gradient.mul_(bound / norm)
