"""Compilation of kernels for the present processor, each once in a process, when first used.

The compiler is LLVM as a library (llvmlite); no other compiler has to be installed.
"""

import platform
from collections.abc import Callable
from ctypes import CFUNCTYPE, c_int64
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from llvmlite import binding, ir

from workers.engines.packed.native import kernels
from workers.engines.packed.native.emitter import Vectors
from workers.engines.packed.native.product import Epilogue


class Kernel(StrEnum):
    """Name of a kernel; see `workers.engines.packed.native.kernels`."""

    AFFINE = "affine"
    MULTIPLY = "multiply"
    SKIP_AFFINE = "skip_affine"
    SKIP_MULTIPLY = "skip_multiply"
    COLUMN_SUMS = "column_sums"


@dataclass(frozen=True, slots=True)
class Processor:
    """Properties of a processor for which kernels are compiled.

    Attributes:
        vector_bytes: Bytes of a vector register.
        registers: Number of vector registers.
        name: LLVM's name of the model.
        features: Further instruction sets that LLVM may use, in LLVM's notation.
    """

    vector_bytes: int
    registers: int
    name: str
    features: str

    def lanes(self, number_bytes: int) -> int:
        """Return how many numbers a vector has."""
        return self.vector_bytes // number_bytes


@cache
def processor() -> Processor | None:
    """Return this machine's processor; None if it lacks fused multiply-add."""
    return processor_of(platform.machine(), binding.get_host_cpu_name(), _features())


def processor_of(machine: str, name: str, features: binding.FeatureMap) -> Processor | None:
    """Return a processor with its longest vectors; None if it lacks fused multiply-add.

    Args:
        machine: Family of the processor, as `platform.machine` returns it.
        name: LLVM's name of the model.
        features: Instruction sets of the processor, as LLVM returns them.
    """
    written = features.flatten()
    if features.get("avx512f") and features.get("avx512vl"):
        return Processor(64, 32, name, written)
    if features.get("avx") and features.get("fma"):
        return Processor(32, 16, name, written)
    if machine in {"aarch64", "arm64"}:
        return Processor(16, 32, name, written)
    return None


def address(
    kernel: Kernel, number_bytes: int, columns: int, epilogue: Epilogue, on: Processor
) -> int:
    """Return the address of a kernel's code.

    Args:
        kernel: The kernel.
        number_bytes: Bytes of a number, 4 or 8.
        columns: Columns of the result.
        epilogue: Nonlinearity that is computed with the product.
        on: The processor.
    """
    return _kernel(kernel, number_bytes, columns, epilogue, on).address


@cache
def runner() -> Callable[[int, int], None]:
    """Return the function that runs a table of calls, given its address and their number."""
    return CFUNCTYPE(None, c_int64, c_int64)(_runner().address)


class _Code:
    """Machine code of a module, which is freed with this object."""

    def __init__(self, module: ir.Module, cpu: str = "", features: str = "") -> None:
        _initialize()
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=cpu, features=features, opt=3
        )
        # No optimization passes: the generated loops are tiled and vectorised already.
        parsed = binding.parse_assembly(str(module))
        parsed.verify()
        self._engine = binding.create_mcjit_compiler(parsed, machine)
        self._engine.finalize_object()
        self.address: int = self._engine.get_function_address(module.name)


@cache
def _kernel(
    kernel: Kernel, number_bytes: int, columns: int, epilogue: Epilogue, on: Processor
) -> _Code:
    module = ir.Module(kernel.value)
    real = ir.DoubleType() if number_bytes == 8 else ir.FloatType()
    vectors = Vectors(module, real, on.lanes(number_bytes), on.registers)
    match kernel:
        case Kernel.AFFINE | Kernel.SKIP_AFFINE:
            skips = kernel is Kernel.SKIP_AFFINE
            kernels.affine(vectors, module.name, columns, epilogue, skips=skips)
        case Kernel.MULTIPLY | Kernel.SKIP_MULTIPLY:
            skips = kernel is Kernel.SKIP_MULTIPLY
            kernels.multiply(vectors, module.name, columns, epilogue, skips=skips)
        case Kernel.COLUMN_SUMS:
            kernels.column_sums(vectors, module.name, columns)
    return _Code(module, on.name, on.features)


@cache
def _runner() -> _Code:
    module = ir.Module("run")
    kernels.runner(module, module.name)
    return _Code(module)


def _features() -> binding.FeatureMap:
    try:
        return binding.get_host_cpu_features()
    except RuntimeError:  # LLVM does not support this query on every platform.
        return binding.FeatureMap()


@cache
def _initialize() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
