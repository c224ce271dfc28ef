"""Choice of the arithmetic of a pack: native kernels where they apply, else torch."""

import importlib.util

from torch import Tensor

from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.nonlinearities import BatchedNonlinearity
from workers.engines.packed.torch_arithmetic import TorchArithmetic
from workers.estimates.sizes import WIDEST


def arithmetic_for(
    nonlinearity: BatchedNonlinearity, width: int, n_inputs: int, like: Tensor
) -> Arithmetic:
    """Return the fastest available arithmetic for a shape on this machine.

    Args:
        nonlinearity: Nonlinearity of the hidden layers.
        width: Units per hidden layer.
        n_inputs: Dimensions of one sample.
        like: A tensor of the dtype and on the device of the pack.
    """
    applies = like.device.type == "cpu" and width <= WIDEST
    if applies and importlib.util.find_spec("llvmlite"):
        # Imported here: the package needs llvmlite, which is optional.
        from workers.engines.packed.native import NativeArithmetic, processor

        if on := processor():
            return NativeArithmetic(nonlinearity, width, n_inputs, like, on)
    return TorchArithmetic(nonlinearity)
