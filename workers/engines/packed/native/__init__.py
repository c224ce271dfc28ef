"""Kernels for the products of hidden layers on a CPU, which LLVM compiles for each width."""

from workers.engines.packed.native.arithmetic import NativeArithmetic
from workers.engines.packed.native.machine_code import Processor, processor

__all__ = ["NativeArithmetic", "Processor", "processor"]
