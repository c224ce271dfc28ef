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
    """One split of a data set, which returns batches in any precision.

    Batches are always copies in memory that torch has aligned. The arrays of the data set may be
    shared between processes and lie at any address, and the rounding of a library's matrix product
    may depend on the alignment of its operands: MKL promises equal bits only for equal alignment.
    """

    def __init__(self, x: NDArray[Any], y: NDArray[Any] | None, device: torch.device) -> None:
        """Copy a split to a device.

        Args:
            x: Inputs, float32, shape ``(n, n_inputs)``; not changed.
            y: Labels, int64, shape ``(n,)``, or None; not changed.
            device: Device of the batches.
        """
        self._x = _tensor(x).to(device)
        self._y = None if y is None else _tensor(y).to(device)

    @property
    def device(self) -> torch.device:
        """Device of the batches."""
        return self._x.device

    def __len__(self) -> int:
        return len(self._x)

    def batch(self, indices: Tensor, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
        """Return inputs of shape ``(batch, n_inputs)`` and labels of the named samples."""
        x = self._x.index_select(0, indices).to(dtype)
        return x, None if self._y is None else self._y.index_select(0, indices)

    def gather_operations(
        self, indices: Tensor, gathered: Tensor, x: Tensor, labels: Tensor
    ) -> list[Callable[[], object]]:
        """Return operations that write samples into buffers.

        Args:
            indices: Numbers of the samples, int64, shape ``(count,)``; read when an operation runs.
            gathered: Buffer of the inputs in float32, shape ``(count, n_inputs)``; ``x`` itself if
                that is float32.
            x: Buffer of the inputs, of the same shape and any floating-point type.
            labels: Buffer of the labels, int64, shape ``(count,)``; not written if the data set
                has none.
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
        """Return inputs and labels of the first ``count`` samples, or of all if there are fewer."""
        return self._slice(0, count, dtype)

    def chunks(self, dtype: torch.dtype) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Yield inputs and labels of all samples in order, at most `CHUNK` at a time."""
        for start in range(0, len(self), CHUNK):
            yield self._slice(start, start + CHUNK, dtype)

    def chunks_into(self, buffer: Tensor) -> Iterator[tuple[int, Tensor | None]]:
        """Write the inputs of one chunk after another into the first rows of a buffer.

        Args:
            buffer: Shape ``(rows, n_inputs)``, of any floating-point type, with at least as many
                rows as a chunk.

        Yields:
            The number of samples in the buffer, and their labels, which must not be changed.
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
        # torch has no read-only tensors and warns of read-only arrays; this class never writes.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        return torch.from_numpy(array)
