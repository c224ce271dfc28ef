"""Buffers of a pass, made once: minibatches, hidden activations, errors, outputs.

A hidden activation is needed twice: by the next layer, and by the backward pass. `Keep` says
which of them stay in between.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from workers.estimates.pack_shape import PackShape
from workers.estimates.sizes import padded_rows

Keep = Callable[[int], int]
"""From a level to the buffer that holds it; levels of one buffer overwrite each other."""


def keep_all(level: int) -> int:
    """Keep every level."""
    return level


def keep_two(level: int) -> int:
    """Keep a level until the next but one is computed: enough for a forward pass alone."""
    return level % 2


def keep_segments(length: int) -> Keep:
    """Keep the last level of each segment and, of one segment at a time, the others.

    Args:
        length: Levels of a segment, at least 1.
    """

    def keep(level: int) -> int:
        return level if level % length == 0 else -(level % length)

    return keep


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

    def __init__(
        self,
        slots: int,
        rows: int,
        width: int,
        *,
        keep: Keep,
        keeps_input: bool,
        has_skips: bool,
        like: Tensor,
    ) -> None:
        """Make room for no level yet.

        Args:
            slots: Trials.
            rows: Samples that are computed.
            width: Units per hidden layer.
            keep: Which levels share a buffer.
            keeps_input: Whether the input of the nonlinearity has buffers of its own.
            has_skips: Whether its output has, because a layer's is another.
            like: Gives dtype and device.
        """
        self._size = (slots, padded_rows(rows, width), width)
        self._keep, self._keeps_input, self._like = keep, keeps_input, like
        self._outputs: dict[int, Tensor] = {}
        self._branches: dict[int, Tensor] = {} if has_skips else self._outputs
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
        return self._keep(level)

    def spanned(self, rows: int) -> int:
        """Return how many rows the first few take with what fills up whole vectors."""
        return padded_rows(rows, self._size[2])

    def errors(self) -> Errors:
        """Return new buffers for errors on their way back."""
        carried = self._blank() if self._branches is not self._outputs else None
        return Errors((self._blank(), self._blank()), carried)

    def _blank(self) -> Tensor:
        return self._like.new_zeros(self._size)

    def _level(self, level: int, branches: dict[int, Tensor]) -> LevelBuffers:
        entering = self._inputs if self._keeps_input else branches
        return LevelBuffers(
            self._get(entering, level), self._get(branches, level), self.output(level)
        )

    def _get(self, buffers: dict[int, Tensor], level: int) -> Tensor:
        key = self._keep(level)
        if key not in buffers:
            buffers[key] = self._blank()
        return buffers[key]


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

    def __init__(self, shape: PackShape, slots: int, rows: int, like: Tensor) -> None:
        """Make the buffers.

        Args:
            shape: Of the pack.
            slots: Trials.
            rows: Samples of a full minibatch.
            like: Gives dtype and device.
        """
        padded = padded_rows(rows, shape.n_inputs, shape.n_outputs)
        self.indices = torch.zeros((slots, padded), dtype=torch.int64, device=like.device)
        self.share = like.new_zeros((slots, padded))
        self.x = like.new_zeros((slots, padded, shape.n_inputs))
        self.labels = torch.zeros((slots, padded), dtype=torch.int64, device=like.device)
        self.outputs = like.new_zeros((slots, shape.n_outputs, padded))
        self.errors = torch.zeros_like(self.outputs)
