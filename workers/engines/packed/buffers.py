"""Tensors of a pass, made once: minibatches, hidden activations, errors, outputs."""

from typing import NamedTuple

import torch
from torch import Tensor

from workers.engines.packed.allocation import allocate, allocate_all
from workers.estimates.buffers import BatchPlan, LevelPlan
from workers.estimates.sizes import padded_rows


class LevelBuffers(NamedTuple):
    """Buffers of one hidden layer, ``(trials, rows, width)``; some may be the same memory.

    Attributes:
        entering: Input of the nonlinearity; ``branch`` where that is computed in place.
        branch: Output of the nonlinearity.
        output: Output of the layer; ``branch`` where there is no skip.
    """

    entering: Tensor
    branch: Tensor
    output: Tensor

    def part(self, trials: slice, rows: int | None = None) -> "LevelBuffers":
        """Return the buffers of some trials and of the first rows; None takes all rows."""
        return LevelBuffers(*(each[trials, :rows] for each in self))


class Errors(NamedTuple):
    """Buffers for errors on their way back, each ``(slots, rows, width)``.

    Attributes:
        deltas: With respect to the input of a nonlinearity, for one level and the next in turn.
        carried: With respect to the output of a level; None where there is no skip.
    """

    deltas: tuple[Tensor, Tensor]
    carried: Tensor | None


class Activations:
    """What the hidden layers compute, by level, each ``(slots, rows, width)``.

    Rows beyond the minibatch, there to fill whole vectors, never get another input than 0.
    """

    def __init__(self, plan: LevelPlan, device: torch.device) -> None:
        """Make room for no level yet.

        Args:
            plan: Sizes, and which levels share a buffer.
            device: Where to compute.
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
        """Return the number of a level's buffers; levels that share it overwrite each other."""
        return self._plan.keep.key(level)

    def spanned(self, rows: int) -> int:
        """Return how many rows the first few take with what fills up whole vectors."""
        return padded_rows(rows, self._plan.shape.width)

    def errors(self) -> Errors:
        """Return new buffers for errors on their way back."""
        deltas = self._blank(), self._blank()
        return Errors(deltas, self._blank() if self._plan.shape.has_skips else None)

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
    """Minibatches and what comes of them at the output, by slot.

    Attributes:
        indices: Sample numbers, int64, ``(slots, padded rows)``.
        share: What part of the loss each sample is, ``(slots, padded rows)``: 1 / batch, and 0
            for rows that fill up a smaller batch or whole vectors.
        x: Inputs, ``(slots, padded rows, n_inputs)``.
        labels: int64, ``(slots, padded rows)``.
        outputs: Class by class, ``(slots, n_outputs, padded rows)``: with the samples side by
            side, softmax and the products over so few classes are several times as fast.
        errors: Gradient of the loss with respect to the outputs, of the same shape.
    """

    def __init__(self, plan: BatchPlan, device: torch.device) -> None:
        """Make the buffers."""
        made = allocate_all(plan.batch(), device)
        self.indices, self.share, self.x = made["indices"], made["share"], made["x"]
        self.labels, self.outputs, self.errors = made["labels"], made["outputs"], made["errors"]
