"""Allocation of tensors from the descriptions of a pack's plan."""

import torch
from torch import Tensor

from workers.estimates.buffers import Buffer, Buffers, Number

_DTYPES = {
    Number.FLOAT32: torch.float32,
    Number.FLOAT64: torch.float64,
    Number.INT64: torch.int64,
}


def allocate(buffer: Buffer, device: torch.device) -> Tensor:
    """Return one tensor of zeros; the buffer's count is not used."""
    return torch.zeros(buffer.shape, dtype=_DTYPES[buffer.number], device=device)


def allocate_all(buffers: Buffers, device: torch.device) -> dict[str, Tensor]:
    """Return one tensor for each buffer whose count is not 0."""
    return {name: allocate(each, device) for name, each in buffers.items() if each.count}


def number_of(tensor: Tensor) -> Number:
    """Return the type of a tensor's numbers."""
    return next(number for number, dtype in _DTYPES.items() if dtype == tensor.dtype)
