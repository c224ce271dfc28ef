"""Chooses the arithmetic of a pack: kernels made for the machine where they reach, else torch."""

import importlib.util

from torch import Tensor

from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.nonlinearities import Nonlinearity
from workers.engines.packed.torch_arithmetic import TorchArithmetic
from workers.estimates.sizes import WIDEST


def arithmetic_for(
    nonlinearity: Nonlinearity, width: int, n_inputs: int, like: Tensor
) -> Arithmetic:
    """Return the fastest arithmetic that there is for a shape on this machine.

    Args:
        nonlinearity: Of the hidden layers.
        width: Their units.
        n_inputs: Dimensions of one sample.
        like: Gives dtype and device.
    """
    reaches = like.device.type == "cpu" and width <= WIDEST
    if reaches and importlib.util.find_spec("llvmlite"):
        # Its import needs llvmlite.
        from workers.engines.packed.native import NativeArithmetic, processor

        if on := processor():
            return NativeArithmetic(nonlinearity, width, n_inputs, like, on)
    return TorchArithmetic(nonlinearity)
