"""Small tensors that the host writes and the device reads."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor


class HostDeviceTensor:
    """A tensor on a device and the array that it is a copy of.

    Attributes:
        array: For the host to write; on a CPU the memory of the tensor itself.
        tensor: On the device.
    """

    def __init__(self, tensor: Tensor) -> None:
        """HostDeviceTensor a tensor, whose device may be the host."""
        self.tensor = tensor
        self._host = tensor if tensor.device.type == "cpu" else torch.zeros_like(tensor).cpu()
        self.array: NDArray[Any] = self._host.numpy()

    def send(self) -> None:
        """Bring what was written to the device."""
        if self._host is not self.tensor:
            self.tensor.copy_(self._host)
