"""A split of a data set as tensors on an engine's device."""

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from workers.estimates.sizes import CHUNK


class Split:
    """One split of a data set; hands out batches in the precision of whoever asks.

    Batches are always copies in memory that torch aligned. The arrays may lie at any address,
    shared between processes, and a library's matrix product may round by the alignment of its
    operands: MKL promises the same bits only for the same one.
    """

    def __init__(self, x: NDArray[Any], y: NDArray[Any] | None, device: torch.device) -> None:
        """Bring a split to a device.

        Args:
            x: Inputs, float32, shape ``(n, n_inputs)``; only read.
            y: Labels, int64, shape ``(n,)``, or None; only read.
            device: Where batches are to be.
        """
        self._x = _tensor(x).to(device)
        self._y = None if y is None else _tensor(y).to(device)

    def __len__(self) -> int:
        return len(self._x)

    def batch(self, indices: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Return inputs of shape ``(batch, n_inputs)`` and labels of the named samples."""
        x = self._x.index_select(0, indices).to(dtype)
        return x, None if self._y is None else self._y.index_select(0, indices)

    def gather_operations(
        self, indices: Tensor, gathered: Tensor, x: Tensor, labels: Tensor
    ) -> list[Callable[[], object]]:
        """Return what writes the samples that ``indices`` names at the time into buffers.

        Args:
            indices: int64, shape ``(count,)``.
            gathered: Inputs in the precision of the split, shape ``(count, n_inputs)``; ``x``
                itself where that has it.
            x: Inputs, of the same shape, of any floating-point type.
            labels: int64, shape ``(count,)``; not written where there are none.
        """
        operations: list[Callable[[], object]] = [
            partial(torch.index_select, self._x, 0, indices, out=gathered)
        ]
        if gathered.data_ptr() != x.data_ptr():
            operations.append(partial(x.copy_, gathered))
        if self._y is not None:
            operations.append(partial(torch.index_select, self._y, 0, indices, out=labels))
        return operations

    def head(self, count: int, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Return the first ``count`` samples, or all if there are fewer."""
        return self._slice(0, count, dtype)

    def chunks(self, dtype: torch.dtype) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield all samples in order, at most `CHUNK` at a time."""
        for start in range(0, len(self), CHUNK):
            yield self._slice(start, start + CHUNK, dtype)

    def chunks_into(self, buffer: Tensor) -> Iterator[tuple[int, Tensor | None]]:
        """Write the chunks, one after another, into the first rows of a buffer.

        Args:
            buffer: Shape ``(rows, n_inputs)``, with room for a chunk, of any floating-point type.

        Yields:
            How many samples are there now, and their labels, to be read only.
        """
        for start in range(0, len(self), CHUNK):
            x = self._x[start : start + CHUNK]
            buffer[: len(x)].copy_(x)
            yield len(x), None if self._y is None else self._y[start : start + CHUNK]

    def _slice(self, start: int, stop: int, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        x = self._x[start:stop].to(dtype, copy=True)
        return x, None if self._y is None else self._y[start:stop].clone()


def _tensor(array: NDArray[Any]) -> Tensor:
    with warnings.catch_warnings():
        # torch has no read-only tensors and warns of arrays that are; nothing here writes.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)
