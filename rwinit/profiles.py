"""Norms, correlations and singular values of a live network, measured layer by layer.

Layers are the calls of ``nn.Linear`` modules, in their order. Hooks are removed also when the
network raises; parameters, their ``.grad`` and the training mode are left as they were.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from rwinit.errors import ArgumentError

Array = NDArray[np.float64]

# Entries of the largest Jacobian: it is computed row by row, and kept whole.
_LARGEST_JACOBIAN: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Profile:
    """Log norms at each of the L calls of a linear layer; input side first, in nats.

    The input of call d is h_d, the output of the d-th hidden layer, and h_0 is the network's
    input. A norm of 0 has the logarithm ``-inf``.

    Attributes:
        names: Names of the layers.
        widths: Inputs of each, ``n_d``.
        log_activations: ``ln |h_d|``, shape ``(L, batch)``.
        log_errors: ``ln |delta_d|``, delta being the gradient with respect to ``h_d``, shape
            ``(L, batch)``.
        log_weight_gradients: ln of the Frobenius norm of the gradient with respect to each
            matrix, summed over the batch, shape ``(L,)``.
    """

    names: tuple[str, ...]
    widths: tuple[int, ...]
    log_activations: Array
    log_errors: Array
    log_weight_gradients: Array

    @property
    def log_walk(self) -> Array:
        """``ln(|delta_1| / |delta_D|)`` of each sample, shape ``(batch,)``; D is L - 1."""
        return np.asarray(self.log_errors[1] - self.log_errors[-1])

    @property
    def log_signal_walk(self) -> Array:
        """``ln(|h_D| / |h_1|)`` of each sample, shape ``(batch,)``."""
        return np.asarray(self.log_activations[-1] - self.log_activations[1])


@dataclass(slots=True)
class _Call:
    name: str
    module: nn.Linear
    input: Tensor
    output: Tensor


def profile(model: nn.Module, x: Tensor, error: Tensor) -> Profile:
    """Return log norms of activations, errors and weight gradients of one pass.

    Args:
        model: Any module that calls at least two linear layers and maps ``x`` to one tensor.
        x: Float samples, shape ``(batch, ...)``.
        error: Gradient at the output, of the output's shape. A random normal one measures the
            network alone; the gradient of a loss measures what training does.

    Raises:
        ArgumentError: An argument is not allowed, or a layer does not influence the output.
    """
    probe = _float_samples("x", x).detach().clone().requires_grad_()
    with torch.enable_grad(), _recorded(model) as calls:
        output = model(probe)
    if len(calls) < 2:
        raise ArgumentError("model", f"{len(calls)} calls of linear layers", "one with two or more")
    if not isinstance(output, Tensor) or output.shape != error.shape:
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ArgumentError("error", tuple(error.shape), f"of the output's shape, {shape}")
    wanted = [call.input for call in calls] + [call.output for call in calls]
    gradients = torch.autograd.grad(output, wanted, error.to(output), allow_unused=True)
    for call, gradient in zip(calls, gradients, strict=False):
        if gradient is None:
            raise ArgumentError("model", call.name, "one whose every layer influences the output")
    before, after = gradients[: len(calls)], gradients[len(calls) :]
    return Profile(
        names=tuple(call.name for call in calls),
        widths=tuple(call.module.in_features for call in calls),
        log_activations=_numpy([_log_norms(call.input) for call in calls]),
        log_errors=_numpy([_log_norms(delta) for delta in before]),
        log_weight_gradients=_numpy(
            [_log_weight_gradient(call, delta) for call, delta in zip(calls, after, strict=True)]
        ),
    )


def correlation_profile(model: nn.Module, x: Tensor, y: Tensor) -> Array:
    """Return the cosine of two inputs' activations at the input of each linear layer.

    Args:
        model: Any module.
        x: Float samples, shape ``(batch, ...)``.
        y: Samples to compare with those of ``x``, of the same shape.

    Returns:
        Cosines, float64, shape ``(calls, batch)``; row 0 is of the inputs of the first layer. NaN
        where an activation is 0.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    if x.shape != y.shape:
        raise ArgumentError("y", tuple(y.shape), f"of the shape of x, {tuple(x.shape)}")
    rows = []
    for samples in (_float_samples("x", x), _float_samples("y", y)):
        with torch.no_grad(), _recorded(model) as calls:
            model(samples)
        rows.append([call.input.detach().double().flatten(1) for call in calls])
    cosines = [(a * b).sum(1) / (a.norm(dim=1) * b.norm(dim=1)) for a, b in zip(*rows, strict=True)]
    return _numpy(cosines)


def jacobian_singular_values(model: nn.Module, x: Tensor) -> Array:
    """Return the singular values of the Jacobian of outputs by inputs, largest first.

    Args:
        model: Any module that maps a batch to one tensor, for small networks.
        x: One float sample with its batch dimension, shape ``(1, ...)``.

    Returns:
        Singular values, float64, as many as the smaller of inputs and outputs.

    Raises:
        ArgumentError: ``x`` is not one sample, or the Jacobian has over four million entries.
    """
    if x.ndim < 2 or x.shape[0] != 1:
        raise ArgumentError("x", tuple(x.shape), "one sample, of shape (1, ...)")
    probe = _float_samples("x", x).detach().clone().requires_grad_()
    with torch.enable_grad():
        outputs = model(probe).flatten()
        if outputs.numel() * probe.numel() > _LARGEST_JACOBIAN:
            given = f"a Jacobian of {outputs.numel()} x {probe.numel()}"
            raise ArgumentError("model", given, f"at most {_LARGEST_JACOBIAN} entries")
        rows = [
            torch.autograd.grad(value, probe, retain_graph=True)[0].flatten() for value in outputs
        ]
    values: Array = _numpy([torch.linalg.svdvals(torch.stack(rows).double())])[0]
    return values


@contextmanager
def _recorded(model: nn.Module) -> Iterator[list[_Call]]:
    """Record inputs and outputs of linear layers as they are called."""
    if not isinstance(model, nn.Module):
        raise ArgumentError("model", type(model).__name__, "a torch.nn.Module")
    calls: list[_Call] = []
    names = {module: name for name, module in model.named_modules()}

    def record(module: nn.Module, args: tuple[Tensor, ...], output: Tensor) -> Tensor:
        if isinstance(module, nn.Linear):
            calls.append(_Call(names[module], module, args[0], output))
        # The network continues with a copy: an activation in place would change the record.
        return output.clone()

    hooks = [
        module.register_forward_hook(record) for module in names if isinstance(module, nn.Linear)
    ]
    try:
        yield calls
    finally:
        for hook in hooks:
            hook.remove()


def _log_norms(x: Tensor) -> Tensor:
    # A float32 below 1e-23 squares to zero; in float64 the square of any float32 is normal.
    logs: Tensor = x.detach().double().flatten(1).norm(dim=1).log()
    return logs


def _log_weight_gradient(call: _Call, delta: Tensor) -> Tensor:
    before = call.input.detach().double().flatten(0, -2)
    after = delta.detach().double().flatten(0, -2)
    log: Tensor = (after.T @ before).norm().log()
    return log


def _numpy(rows: list[Tensor]) -> Array:
    return torch.stack(rows).cpu().numpy().astype(np.float64)


def _float_samples(name: str, x: Tensor) -> Tensor:
    if not isinstance(x, Tensor) or not x.is_floating_point() or x.ndim < 2:
        given = (
            f"{x.dtype} of shape {tuple(x.shape)}" if isinstance(x, Tensor) else type(x).__name__
        )
        raise ArgumentError(name, given, "a float tensor of shape (batch, ...)")
    return x
