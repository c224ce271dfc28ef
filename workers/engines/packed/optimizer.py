"""The update rules over a block of layers, each trial with constants of its own.

What a trial does not use is left out for it, not multiplied by 0 or 1: its numbers then cannot
depend on what its neighbours use. The rules are those of `torch.optim`; Adam's division by the
bias corrections is moved into two constants, which is the same number but for rounding.
"""

import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from workers.contract import OptimizerKind, TrialSpec
from workers.engines.packed.host_device import HostDeviceTensor
from workers.engines.packed.nonlinearities import Operation


class Variant(NamedTuple):
    """Parts of an update rule that a trial uses or does not."""

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
    """One kind of optimizer; constants are by slot, so trials may move."""

    def __init__(self, kind: OptimizerKind, slots: int, like: Tensor) -> None:
        """Make the constants.

        Args:
            kind: Which optimizer.
            slots: Trials.
            like: Gives dtype and device.
        """
        self._kind = kind

        def column() -> HostDeviceTensor:
            return HostDeviceTensor(like.new_zeros((slots, 1)))

        self._rate, self._decay = column(), column()
        self._momentum = column()  # Adam: 1 - beta1.
        self._square_keep, self._square_take, self._offset = column(), column(), column()

    def set(self, slot: int, spec: TrialSpec, steps: int, learning_rate: float) -> None:
        """Write a trial's constants for one step.

        Args:
            slot: The trial's.
            spec: The trial.
            steps: Steps with this one.
            learning_rate: The step's.
        """
        self._decay.array[slot] = spec.optimizer.weight_decay
        if self._kind is OptimizerKind.SGD:
            self._rate.array[slot] = -learning_rate
            self._momentum.array[slot] = spec.optimizer.momentum
            return
        # m / c1 / (sqrt(v) / c2 + eps) is c2 / c1 * m / (sqrt(v) + c2 * eps).
        correction = math.sqrt(1.0 - spec.optimizer.beta2**steps)
        self._rate.array[slot] = -learning_rate * correction / (1.0 - spec.optimizer.beta1**steps)
        self._momentum.array[slot] = 1.0 - spec.optimizer.beta1
        self._square_keep.array[slot] = spec.optimizer.beta2
        self._square_take.array[slot] = 1.0 - spec.optimizer.beta2
        self._offset.array[slot] = correction * spec.optimizer.eps

    def send(self) -> None:
        """Bring the constants to the device."""
        for mirror in (
            self._rate,
            self._decay,
            self._momentum,
            self._square_keep,
            self._square_take,
            self._offset,
        ):
            mirror.send()

    def operations(
        self, values: list[Tensor], gradient: Tensor, scratch: Tensor, variant: Variant, lo: int
    ) -> Iterator[Operation]:
        """Yield the update of some trials.

        Args:
            values: Parameters, then optimizer state, ``(trials, length)``.
            gradient: Of the same shape; read only.
            scratch: Of the same shape; overwritten.
            variant: What all of the trials use.
            lo: The first trial's slot.
        """
        slots = slice(lo, lo + len(gradient))
        weight = values[0]
        if variant.decays:
            decay = self._decay.tensor[slots]
            yield partial(torch.addcmul, gradient, weight, decay, out=scratch)
            gradient = scratch
        if self._kind is OptimizerKind.ADAM:
            yield from self._adam(values[1], values[2], gradient, scratch, slots)
            direction = scratch
        elif variant.has_momentum:
            momentum, buffer = self._momentum.tensor[slots], values[1]
            yield partial(torch.addcmul, gradient, buffer, momentum, out=buffer)
            direction = buffer
            if variant.nesterov:
                yield partial(torch.addcmul, gradient, buffer, momentum, out=scratch)
                direction = scratch
        else:
            direction = gradient
        yield partial(weight.addcmul_, direction, self._rate.tensor[slots])

    def _adam(
        self, mean: Tensor, square: Tensor, gradient: Tensor, scratch: Tensor, slots: slice
    ) -> Iterator[Operation]:
        yield partial(mean.lerp_, gradient, self._momentum.tensor[slots])
        yield partial(torch.mul, gradient, gradient, out=scratch)
        yield partial(square.mul_, self._square_keep.tensor[slots])
        yield partial(square.addcmul_, scratch, self._square_take.tensor[slots])
        yield partial(torch.sqrt, square, out=scratch)
        yield partial(scratch.add_, self._offset.tensor[slots])
        yield partial(torch.div, mean, scratch, out=scratch)
