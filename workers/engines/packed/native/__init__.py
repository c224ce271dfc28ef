"""Products of hidden layers in machine code that LLVM makes for their width, on a CPU."""

from workers.engines.packed.native.arithmetic import NativeArithmetic
from workers.engines.packed.native.machine_code import Processor, processor

__all__ = ["NativeArithmetic", "Processor", "processor"]
