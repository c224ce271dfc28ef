"""Kernels compiled for the processor at hand: once in a process, and only those asked for.

LLVM is a library here (llvmlite); no compiler has to be installed.
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
from workers.engines.packed.native.kernels import Epilogue


class Kernel(StrEnum):
    """Kernels by what they compute; see `workers.engines.packed.native.kernels`."""

    AFFINE = "affine"
    MULTIPLY = "multiply"
    SKIP_AFFINE = "skip_affine"
    SKIP_MULTIPLY = "skip_multiply"
    COLUMN_SUMS = "column_sums"


@dataclass(frozen=True, slots=True)
class Processor:
    """What the kernels have to know of a processor.

    Attributes:
        vector_bytes: Size of its vectors.
        registers: How many of them it has.
        name: LLVM's, of the model.
        features: What LLVM may use besides the model's, in its notation.
    """

    vector_bytes: int
    registers: int
    name: str
    features: str

    def lanes(self, number_bytes: int) -> int:
        """Return the numbers of a vector."""
        return self.vector_bytes // number_bytes


@cache
def processor() -> Processor | None:
    """Return this machine's; None if it has no fused multiplication and addition."""
    return described(platform.machine(), binding.get_host_cpu_name(), _features())


def described(machine: str, name: str, features: binding.FeatureMap) -> Processor | None:
    """Return a processor with vectors as long as it has them.

    Args:
        machine: Its family, as `platform.machine` tells it.
        name: LLVM's, of the model.
        features: Which it has, as LLVM tells them.
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
        kernel: Which.
        number_bytes: 4 or 8.
        columns: Of its result.
        epilogue: See `kernels.affine`.
        on: The processor.
    """
    return _kernel(kernel, number_bytes, columns, epilogue, on).address


@cache
def runner() -> Callable[[int, int], None]:
    """Return the function that makes the calls of a table, from its address and their number."""
    return CFUNCTYPE(None, c_int64, c_int64)(_runner().address)


class _Code:
    """A module's code, which lives as long as this object."""

    def __init__(self, module: ir.Module, cpu: str = "", features: str = "") -> None:
        _initialize()
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=cpu, features=features, opt=3
        )
        # No passes over the module: what they could do to these loops is done already.
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
    except RuntimeError:  # LLVM cannot tell everywhere.
        return binding.FeatureMap()


@cache
def _initialize() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
