"""Kernels against torch in float64, and as made for processors of several kinds."""

import json
import platform
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from llvmlite.binding import FeatureMap
from torch import Tensor

from workers.contract import Activation
from workers.engines.packed import native as native_room
from workers.engines.packed.arithmetic import Arithmetic
from workers.engines.packed.arithmetic_selection import arithmetic_for
from workers.engines.packed.buffers import LevelBuffers
from workers.engines.packed.gains import Gains
from workers.engines.packed.native import NativeArithmetic, Processor, processor
from workers.engines.packed.native.machine_code import processor_of
from workers.engines.packed.nonlinearities import BatchedNonlinearity, nonlinearity
from workers.engines.packed.torch_arithmetic import TorchArithmetic
from workers.estimates.sizes import WIDEST

_FOUND = processor()
if _FOUND is None:
    pytest.skip("no fused multiplication and addition here", allow_module_level=True)
HERE: Processor = _FOUND
OTHERS = [
    Processor(32, 16, "haswell", ""),  # AVX2
    Processor(16, 16, "haswell", ""),
]
OTHERS = OTHERS if platform.machine() in {"x86_64", "AMD64"} else []
RELU = nonlinearity(Activation.RELU, 0.0)
RECTIFIERS = [RELU, nonlinearity(Activation.LEAKY_RELU, 0.3)]
TRIALS = 3

Compute = Callable[[Arithmetic, "Layer"], tuple[Tensor, ...]]


class Layer:
    """A layer of some trials between wider buffers, as a pack has it."""

    def __init__(
        self, rows: int, fan_in: int, fan_out: int, dtype: torch.dtype = torch.float32
    ) -> None:
        draws = torch.Generator().manual_seed(rows + 1000 * fan_in + fan_out)

        def normal(*shape: int) -> Tensor:
            # NaN lies around every matrix: nothing outside may be read or written.
            wide = torch.full((shape[0], *(n + 5 for n in shape[1:-1]), shape[-1]), torch.nan)
            part = wide.to(dtype)[(slice(None), *(slice(n) for n in shape[1:]))]
            return part.copy_(torch.randn(shape, generator=draws, dtype=torch.float64))

        self.source, self.errors = normal(TRIALS, rows, fan_in), normal(TRIALS, rows, fan_out)
        self.weight, self.bias = normal(TRIALS, fan_out, fan_in), normal(TRIALS, fan_out)
        self.target, self.below = normal(TRIALS, rows, fan_out), normal(TRIALS, rows, fan_in)
        self.output = normal(TRIALS, rows, fan_in)
        self.weight_gradient = normal(TRIALS, fan_out, fan_in)
        self.bias_gradient = normal(TRIALS, fan_out)
        self.branch, self.carried = normal(TRIALS, rows, fan_out), normal(TRIALS, rows, fan_in)
        columns = torch.randn((2, TRIALS, 1, 1), generator=draws, dtype=torch.float64).to(dtype)
        self.gains = Gains(*columns)


def forward(by: Arithmetic, layer: Layer) -> tuple[Tensor, ...]:
    operations = by.affine(layer.source, layer.weight, layer.bias, layer.target)
    return _run(by, [*operations, *by.activate(layer.target, layer.target)], layer.target)


def backward_input(by: Arithmetic, layer: Layer) -> tuple[Tensor, ...]:
    operations = by.backward_input(
        layer.errors, layer.weight, layer.output, layer.output, layer.below
    )
    return _run(by, list(operations), layer.below)


def gradient(by: Arithmetic, layer: Layer) -> tuple[Tensor, ...]:
    results = layer.weight_gradient, layer.bias_gradient
    return _run(by, list(by.gradient(layer.errors, layer.source, *results)), *results)


def skip_forward(by: Arithmetic, layer: Layer) -> tuple[Tensor, ...]:
    level = LevelBuffers(layer.branch, layer.branch, layer.target)
    rows = layer.source.shape[1]
    operations = by.skip_forward(
        layer.source, layer.weight, layer.bias, layer.source, level, layer.gains, rows
    )
    return _run(by, list(operations), layer.branch, layer.target)


def filtered_forward(by: Arithmetic, layer: Layer) -> tuple[Tensor, ...]:
    """Compute a layer whose filtered input lies in the buffer of its output."""
    level = LevelBuffers(layer.branch, layer.branch, layer.target)
    rows = layer.source.shape[1]
    zeros = torch.zeros_like(layer.bias)
    operations = [
        *by.linear(layer.source, layer.weight, zeros, layer.target),
        *by.skip_forward(
            layer.source, layer.weight, layer.bias, layer.target, level, layer.gains, rows
        ),
    ]
    return _run(by, operations, layer.branch, layer.target)


def filtered_back(by: Arithmetic, layer: Layer) -> tuple[Tensor, ...]:
    return _run(by, [*by.linear_back(layer.errors, layer.weight, layer.below)], layer.below)


def skip_backward(by: Arithmetic, layer: Layer) -> tuple[Tensor, ...]:
    level = LevelBuffers(layer.output, layer.output, layer.output)
    operations = by.skip_backward(
        layer.errors, layer.weight, layer.carried, level, layer.gains, layer.below
    )
    return _run(by, list(operations), layer.carried, layer.below)


def _run(
    by: Arithmetic, operations: list[Callable[[], object]], *results: Tensor
) -> tuple[Tensor, ...]:
    for operation in by.joined(operations):
        operation()
    return tuple(result.clone() for result in results)


def native(
    on: Processor, nonlinear: BatchedNonlinearity, dtype: torch.dtype = torch.float32
) -> Arithmetic:
    return NativeArithmetic(nonlinear, 200, 200, torch.zeros((), dtype=dtype), on)


SKIPS = (skip_forward, skip_backward, filtered_forward)
SIZES = [
    (1, 1, 1),
    (3, 7, 5),
    (12, 16, 16),
    (13, 64, 32),
    (100, 33, 31),
    (29, 5, 130),
    (50, 40, 100),
]
SQUARE = [(rows, width, width) for rows, width in [(1, 1), (12, 16), (29, 130)]]
PRODUCTS = [
    *((compute, size) for compute in (forward, backward_input, gradient) for size in SIZES),
    *((compute, size) for compute in SKIPS for size in SQUARE),
    *((filtered_back, size) for size in SIZES),
]


@pytest.mark.parametrize("on", [HERE, *OTHERS], ids=lambda on: f"{8 * on.vector_bytes} bit")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("nonlinear", RECTIFIERS, ids=["relu", "leaky_relu"])
@pytest.mark.parametrize(("compute", "size"), PRODUCTS)
def test_products_are_those_of_torch_in_float64(
    on: Processor,
    dtype: torch.dtype,
    nonlinear: BatchedNonlinearity,
    compute: Compute,
    size: tuple[int, int, int],
) -> None:
    exact = compute(TorchArithmetic(nonlinear), Layer(*size, dtype=torch.float64))

    found = compute(native(on, nonlinear, dtype), Layer(*size, dtype=dtype))

    # Of float32 also the factors are rounded.
    bound = max(size) * torch.finfo(dtype).eps * 8
    bound *= 4 if compute in SKIPS else 1  # The gains are normal numbers.
    for each, right in zip(found, exact, strict=True):
        assert each.dtype == dtype
        torch.testing.assert_close(each.double(), right, rtol=0.0, atol=bound)


@pytest.mark.parametrize("on", OTHERS, ids=lambda on: f"{8 * on.vector_bytes} bit")
@pytest.mark.parametrize(("compute", "size"), PRODUCTS)
def test_no_bit_depends_on_the_length_of_vectors(
    on: Processor, compute: Compute, size: tuple[int, int, int]
) -> None:
    there, here = (compute(native(each, RELU), Layer(*size)) for each in (on, HERE))

    for one, other in zip(there, here, strict=True):
        assert one.numpy().tobytes() == other.numpy().tobytes()


@given(rows=st.integers(1, 40), more=st.integers(1, 40), width=st.integers(1, 40))
def test_no_bit_of_a_row_depends_on_the_other_rows(rows: int, more: int, width: int) -> None:
    large, small = Layer(rows + more, 9, width), Layer(rows, 9, width)
    small.source.copy_(large.source[:, :rows])
    small.weight.copy_(large.weight)
    small.bias.copy_(large.bias)

    (few,), (many,) = (forward(native(HERE, RELU), layer) for layer in (small, large))

    assert few.numpy().tobytes() == many[:, :rows].contiguous().numpy().tobytes()


@pytest.mark.parametrize(
    ("compute", "fan_in"),
    [(forward, 21), (backward_input, 21), (gradient, 21), (skip_forward, 18), (skip_backward, 18)],
)
def test_nothing_beside_the_result_is_written(compute: Compute, fan_in: int) -> None:
    layer = Layer(13, fan_in, 18)

    compute(native(HERE, RELU), layer)

    for target, rows in (
        (layer.target, 13),
        (layer.below, 13),
        (layer.branch, 13),
        (layer.carried, 13),
        (layer.weight_gradient, 18),
    ):
        buffer = target.as_strided((TRIALS, rows + 5, target.shape[2]), target.stride())
        assert buffer[:, rows:].isnan().all()
        assert not buffer[:, :rows].isnan().any()


@pytest.mark.skipif(sys.platform != "linux", reason="guards memory by Linux's calls")
@pytest.mark.parametrize("on", [HERE, *OTHERS], ids=lambda on: f"{8 * on.vector_bytes} bit")
@pytest.mark.parametrize("size", [(13, 21, 18), (4, 5, 3)])
def test_nothing_behind_a_matrix_is_touched(on: Processor, size: tuple[int, int, int]) -> None:
    # A process of its own, since a kernel that reads the page behind a matrix ends it.
    command = [sys.executable, "-m", "tests.workers.engines.guarded", json.dumps([*size])]
    model = [str(on.vector_bytes), str(on.registers), on.name, on.features]

    done = subprocess.run([*command, *model], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr[-1000:]


@pytest.mark.parametrize("nonlinear", RECTIFIERS, ids=["relu", "leaky_relu"])
def test_what_is_no_number_stays_none_and_infinities_are_rectified(
    nonlinear: BatchedNonlinearity,
) -> None:
    special = torch.tensor([torch.nan, torch.inf, -torch.inf, 0.0, -0.0])
    layers = [Layer(5, 5, 5), Layer(5, 5, 5)]
    for layer in layers:
        layer.weight.copy_(torch.eye(5))
        layer.bias.zero_()
        # A row for each, since infinity times 0 is no number.
        layer.source.zero_()
        layer.source[:, :, 0] = special
        layer.output[:] = special.nan_to_num(1.0, torch.inf, -torch.inf)

    for compute in (forward, backward_input):
        (found,) = compute(native(HERE, nonlinear), layers[0])
        (right,) = compute(TorchArithmetic(nonlinear), layers[1])
        torch.testing.assert_close(found, right, rtol=1e-6, atol=1e-6, equal_nan=True)


@pytest.mark.parametrize("width", [WIDEST, WIDEST + 1])
def test_wide_layers_are_left_to_torch(width: int) -> None:
    found = arithmetic_for(RELU, width, 8, torch.zeros(()))

    assert isinstance(found, NativeArithmetic) == (width <= WIDEST)


@pytest.mark.parametrize(
    ("machine", "features", "vectors"),
    [
        ("x86_64", {"avx": True, "fma": True, "avx512f": True, "avx512vl": True}, (64, 32)),
        ("x86_64", {"avx": True, "fma": True, "avx512f": True, "avx512vl": False}, (32, 16)),
        ("x86_64", {"avx": True, "fma": False}, None),
        ("x86_64", {}, None),
        ("aarch64", {}, (16, 32)),
        ("riscv64", {}, None),
    ],
)
def test_vectors_are_as_long_as_the_processor_has_them(
    machine: str, features: dict[str, bool], vectors: tuple[int, int] | None
) -> None:
    found = processor_of(machine, "model", FeatureMap(features))

    assert (found and (found.vector_bytes, found.registers)) == vectors


def test_on_a_processor_without_fused_operations_torch_computes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(native_room, "processor", lambda: None)

    assert isinstance(arithmetic_for(RELU, 8, 8, torch.zeros(())), TorchArithmetic)


def test_without_llvm_torch_computes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite", None)

    assert isinstance(arithmetic_for(RELU, 8, 8, torch.zeros(())), TorchArithmetic)


def test_a_gradient_of_many_columns_is_left_to_torch() -> None:
    layer, again = Layer(4, WIDEST + 3, 6), Layer(4, WIDEST + 3, 6)

    found = gradient(native(HERE, RELU), layer)
    right = gradient(TorchArithmetic(RELU), again)

    for one, other in zip(found, right, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
