"""Update rules for a block of layers of many trials, each with its own constants.

A part of a rule that a trial does not use, such as weight decay, is skipped for this trial instead
of multiplied by 0 or 1. Its results then cannot depend on what the other trials use. The rules are
those of `torch.optim`; Adam's division by the bias corrections is moved into two constants, which
gives the same numbers up to rounding.
"""

import math
from collections.abc import Iterator, Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from workers.contract import OptimizerKind, TrialSpec
from workers.engines.packed.host_device import HostDeviceTensor
from workers.engines.packed.nonlinearities import Operation


class Variant(NamedTuple):
    """Optional parts of an update rule that a trial uses."""

    decays: bool
    has_momentum: bool
    nesterov: bool

    @classmethod
    def of(cls, spec: TrialSpec) -> "Variant":
        sgd = spec.optimizer.kind is OptimizerKind.SGD
        return cls(
            decays=spec.optimizer.weight_decay != 0.0,
            has_momentum=sgd and spec.optimizer.momentum != 0.0,
            nesterov=sgd and spec.optimizer.nesterov,
        )


class BatchedOptimizer:
    """Optimizer of one kind for all trials of a pack, with constants by slot."""

    def __init__(self, kind: OptimizerKind, columns: Mapping[str, Tensor]) -> None:
        """Store the tensors of the constants.

        Args:
            kind: Kind of the optimizer.
            columns: Tensors of shape ``(slots, 1)``, by the names of
                `workers.estimates.buffers.optimizer_columns`.
        """
        self._kind = kind
        self._columns = {name: HostDeviceTensor(each) for name, each in columns.items()}

    def set(self, slot: int, spec: TrialSpec, steps: int, learning_rate: float) -> None:
        """Write a trial's constants for one step.

        Args:
            slot: Slot of the trial.
            spec: The trial.
            steps: Steps of the trial, this one included.
            learning_rate: Learning rate of the step.
        """
        for name, value in _constants(self._kind, spec, steps, learning_rate).items():
            self._columns[name].array[slot] = value

    def send(self) -> None:
        """Copy the constants to the device."""
        for column in self._columns.values():
            column.send()

    def operations(
        self,
        values: list[Tensor],
        gradient: Tensor,
        scratch: Tensor,
        variant: Variant,
        lo: int,
        *,
        is_branch: bool,
    ) -> Iterator[Operation]:
        """Yield the operations that update trials in neighbouring slots.

        Args:
            values: Parameters, then optimizer state, each ``(trials, length)``.
            gradient: Gradients, of the same shape; not changed.
            scratch: Scratch buffer of the same shape.
            variant: Parts of the rule that all of these trials use.
            lo: Slot of the first trial.
            is_branch: Whether the learning rate is that of matrices whose gradients carry the
                branch gain.
        """
        slots = slice(lo, lo + len(gradient))
        column = {name: each.tensor[slots] for name, each in self._columns.items()}
        weight = values[0]
        if variant.decays:
            yield partial(torch.addcmul, gradient, weight, column["decay"], out=scratch)
            gradient = scratch
        if self._kind is OptimizerKind.ADAM:
            yield from _adam(column, values[1], values[2], gradient, scratch)
            direction = scratch
        elif variant.has_momentum:
            momentum, buffer = column["momentum"], values[1]
            yield partial(torch.addcmul, gradient, buffer, momentum, out=buffer)
            direction = buffer
            if variant.nesterov:
                yield partial(torch.addcmul, gradient, buffer, momentum, out=scratch)
                direction = scratch
        else:
            direction = gradient
        rate = column["branch_rate" if is_branch else "rate"]
        yield partial(weight.addcmul_, direction, rate)


def _constants(
    kind: OptimizerKind, spec: TrialSpec, steps: int, learning_rate: float
) -> Mapping[str, float]:
    """Return a trial's constants for one step, by name of the column."""
    rule = spec.optimizer
    # Rates are negative, because updates add rate times direction.
    rate, branch_rate = -learning_rate, -learning_rate * spec.training.branch_lr_factor
    if kind is OptimizerKind.SGD:
        return {
            "rate": rate,
            "branch_rate": branch_rate,
            "decay": rule.weight_decay,
            "momentum": rule.momentum,
        }
    # m / c1 / (sqrt(v) / c2 + eps) is c2 / c1 * m / (sqrt(v) + c2 * eps).
    correction = math.sqrt(1.0 - rule.beta2**steps)
    unbiased = 1.0 - rule.beta1**steps
    return {
        "rate": rate * correction / unbiased,
        "branch_rate": branch_rate * correction / unbiased,
        "decay": rule.weight_decay,
        "momentum": 1.0 - rule.beta1,
        "square_keep": rule.beta2,
        "square_take": 1.0 - rule.beta2,
        "offset": correction * rule.eps,
    }


def _adam(
    column: Mapping[str, Tensor], mean: Tensor, square: Tensor, gradient: Tensor, scratch: Tensor
) -> Iterator[Operation]:
    """Yield the operations that update Adam's state and write its direction to ``scratch``."""
    yield partial(mean.lerp_, gradient, column["momentum"])
    yield partial(torch.mul, gradient, gradient, out=scratch)
    yield partial(square.mul_, column["square_keep"])
    yield partial(square.addcmul_, scratch, column["square_take"])
    yield partial(torch.sqrt, square, out=scratch)
    yield partial(scratch.add_, column["offset"])
    yield partial(torch.div, mean, scratch, out=scratch)
