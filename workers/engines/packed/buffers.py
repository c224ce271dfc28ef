"""Buffers of a pass, made once: minibatches, hidden activations, errors, outputs.

A hidden activation is needed twice: by the next layer, and by the backward pass. `Keep` says
which of them stay in between.
"""

from collections.abc import Callable

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


class Activations:
    """Inputs and outputs of the nonlinearity by level, each ``(slots, rows, width)``.

    Rows beyond the minibatch, there to fill whole vectors, never get another input than 0.
    """

    def __init__(
        self, slots: int, rows: int, width: int, *, keep: Keep, keeps_input: bool, like: Tensor
    ) -> None:
        """Make room for no level yet.

        Args:
            slots: Trials.
            rows: Samples that are computed.
            width: Units per hidden layer.
            keep: Which levels share a buffer.
            keeps_input: Whether the input of the nonlinearity has buffers of its own.
            like: Gives dtype and device.
        """
        self._size = (slots, padded_rows(rows, width), width)
        self._keep, self._keeps_input, self._like = keep, keeps_input, like
        self._outputs: dict[int, Tensor] = {}
        self._inputs: dict[int, Tensor] = {} if keeps_input else self._outputs

    def output(self, level: int) -> Tensor:
        """Return the buffer of a level's output."""
        return self._get(self._outputs, level)

    def input(self, level: int) -> Tensor:
        """Return the buffer of a level's input; its output's where the activation is in place."""
        return self._get(self._inputs, level)

    def key(self, level: int) -> int:
        """Return the number of a level's buffers; levels that share it overwrite each other."""
        return self._keep(level)

    def spanned(self, rows: int) -> int:
        """Return how many rows the first few take with what fills up whole vectors."""
        return padded_rows(rows, self._size[2])

    def blank(self) -> Tensor:
        """Return zeros of the shape of one level."""
        return self._like.new_zeros(self._size)

    def _get(self, buffers: dict[int, Tensor], level: int) -> Tensor:
        key = self._keep(level)
        if key not in buffers:
            buffers[key] = self.blank()
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
