"""Small tensors that are written on the host and read on the device."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


class HostDeviceTensor:
    """A tensor on a device, with an array on the host from which it is copied.

    Attributes:
        array: Array to write to; on a CPU it shares the memory of the tensor.
        tensor: Tensor on the device.
    """

    def __init__(self, tensor: Tensor) -> None:
        """Add a host array to a tensor, whose device may be the host itself."""
        self.tensor = tensor
        self._host = tensor if tensor.device.type == "cpu" else torch.zeros_like(tensor).cpu()
        self.array: NDArray[Any] = self._host.numpy()

    def send(self) -> None:
        """Copy the array to the device."""
        if self._host is not self.tensor:
            self.tensor.copy_(self._host)
