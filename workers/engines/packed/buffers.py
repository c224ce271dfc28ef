"""Tensors of a pass, allocated once: minibatches, hidden activations, errors, outputs."""

from typing import NamedTuple

import torch
from torch import Tensor

from workers.engines.packed.allocation import allocate, allocate_all
from workers.estimates.buffers import BatchPlan, LevelPlan
from workers.estimates.sizes import padded_rows


class LevelBuffers(NamedTuple):
    """Buffers of one hidden layer, ``(trials, rows, width)``; two may be the same tensor.

    Attributes:
        entering: Input of the nonlinearity; the same as ``branch`` if that is computed in place.
        branch: Output of the nonlinearity.
        output: Output of the layer; the same as ``branch`` if there is no skip.
    """

    entering: Tensor
    branch: Tensor
    output: Tensor

    def part(self, trials: slice, rows: int | None = None) -> "LevelBuffers":
        """Return the buffers of some trials and of the first rows; None takes all rows."""
        return LevelBuffers(*(each[trials, :rows] for each in self))


class Errors(NamedTuple):
    """Buffers for errors of the backward pass, each ``(slots, rows, width)``.

    Attributes:
        deltas: Errors with respect to the inputs of the nonlinearities of two neighbouring levels.
        carried: Errors with respect to the output of a level: none if the layers have no skip, and
            two buffers, used in turn, if the skip is a matrix.
    """

    deltas: tuple[Tensor, Tensor]
    carried: tuple[Tensor, ...]


class Activations:
    """Activations of the hidden layers by level, each ``(slots, rows, width)``.

    The input of rows beyond the minibatch, which pad it to whole vectors, is always 0.
    """

    def __init__(self, plan: LevelPlan, device: torch.device) -> None:
        """Start without buffers; each is allocated when it is first needed.

        Args:
            plan: Sizes, and the rule of which levels share a buffer.
            device: Device of the buffers.
        """
        self._plan, self._device = plan, device
        self._outputs: dict[int, Tensor] = {}
        self._branches: dict[int, Tensor] = {} if plan.shape.has_skips else self._outputs
        self._inputs: dict[int, Tensor] = {}

    def output(self, level: int) -> Tensor:
        """Return the buffer of a layer's output."""
        return self._get(self._outputs, level)

    def plain(self, level: int) -> LevelBuffers:
        """Return the buffers of a layer without a skip."""
        return self._level(level, self._outputs)

    def skipped(self, level: int) -> LevelBuffers:
        """Return the buffers of a layer with a skip."""
        return self._level(level, self._branches)

    def key(self, level: int) -> int:
        """Return the key of a level's buffers; levels with equal keys overwrite each other."""
        return self._plan.keep.key(level)

    def padded(self, rows: int) -> int:
        """Return a number of rows, padded to whole vectors."""
        return padded_rows(rows, self._plan.shape.width)

    def errors(self) -> Errors:
        """Return new buffers for the errors of a backward pass."""
        deltas = self._blank(), self._blank()
        return Errors(deltas, tuple(self._blank() for _ in range(self._plan.carried)))

    def _level(self, level: int, branches: dict[int, Tensor]) -> LevelBuffers:
        entering = self._inputs if self._plan.shape.keeps_input else branches
        return LevelBuffers(
            self._get(entering, level), self._get(branches, level), self.output(level)
        )

    def _get(self, buffers: dict[int, Tensor], level: int) -> Tensor:
        key = self.key(level)
        if key not in buffers:
            buffers[key] = self._blank()
        return buffers[key]

    def _blank(self) -> Tensor:
        return allocate(self._plan.level, self._device)


class Batch:
    """Minibatches, their outputs and the errors of these, by slot.

    Attributes:
        indices: Sample numbers, int64, ``(slots, padded rows)``.
        share: Weight of each sample in the loss, ``(slots, padded rows)``: 1 / batch, and 0 for
            rows that pad a smaller batch or whole vectors.
        x: Inputs, ``(slots, padded rows, n_inputs)``.
        labels: int64, ``(slots, padded rows)``.
        outputs: ``(slots, n_outputs, padded rows)``. The samples are contiguous, which makes
            softmax and the products over so few classes several times as fast.
        errors: Gradient of the loss with respect to the outputs, of the same shape.
    """

    def __init__(self, plan: BatchPlan, device: torch.device) -> None:
        """Make the buffers."""
        made = allocate_all(plan.batch(), device)
        self.indices, self.share, self.x = made["indices"], made["share"], made["x"]
        self.labels, self.outputs, self.errors = made["labels"], made["outputs"], made["errors"]
