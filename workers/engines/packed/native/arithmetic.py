"""Arithmetic of hidden layers by native kernels, and by torch where these do not apply."""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor

from workers.engines.packed.allocation import allocate, number_of
from workers.engines.packed.buffers import LevelBuffers
from workers.engines.packed.gains import Gains
from workers.engines.packed.native.calls import Call, joined
from workers.engines.packed.native.machine_code import Kernel, Processor, address
from workers.engines.packed.native.product import Epilogue
from workers.engines.packed.nonlinearities import BatchedNonlinearity, Operation
from workers.engines.packed.torch_arithmetic import TorchArithmetic, add_skip
from workers.estimates.buffers import transposed
from workers.estimates.sizes import WIDEST


class NativeArithmetic:
    """The `Arithmetic` that uses native kernels, for CPUs and at most `WIDEST` units per layer."""

    def __init__(
        self,
        nonlinearity: BatchedNonlinearity,
        width: int,
        n_inputs: int,
        like: Tensor,
        on: Processor,
    ) -> None:
        """Allocate the scratch memory; kernels are compiled when they are first used.

        Args:
            nonlinearity: Nonlinearity of the hidden layers.
            width: Units per hidden layer.
            n_inputs: Dimensions of one sample.
            like: A tensor of the dtype of the pack.
            on: The processor.
        """
        self._nonlinearity, self._torch = nonlinearity, TorchArithmetic(nonlinearity)
        self._epilogue, self._slope = _epilogue(nonlinearity, like)
        self._on = on
        self._scratch = allocate(transposed(width, n_inputs, number_of(like)), like.device)

    def affine(
        self, source: Tensor, weight: Tensor, bias: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return one call, which also applies the nonlinearity if that is a rectifier."""
        code = self._code(Kernel.AFFINE, weight, weight.shape[1], self._epilogue)
        words = _words(
            _product(source, weight, target),
            extra=_extra(bias),
            scratch=self._scratch.data_ptr(),
            slope=self._slope,
        )
        return [Call((code, *words), source, weight, bias, target, self._scratch)]

    def linear(
        self, source: Tensor, weight: Tensor, zeros: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return one call."""
        code = self._code(Kernel.AFFINE, weight, weight.shape[1], Epilogue.NONE)
        words = _words(
            _product(source, weight, target),
            extra=_extra(zeros),
            scratch=self._scratch.data_ptr(),
        )
        return [Call((code, *words), source, weight, zeros, target, self._scratch)]

    def linear_back(self, errors: Tensor, weight: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return one call."""
        code = self._code(Kernel.MULTIPLY, weight, weight.shape[2], Epilogue.NONE)
        return [Call((code, *_words(_product(errors, weight, target))), errors, weight, target)]

    def activate(self, source: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return the nonlinearity's operations; none if `affine` applies it."""
        return (
            []
            if self._epilogue is not Epilogue.NONE
            else self._nonlinearity.forward(source, target)
        )

    def backward_input(
        self, errors: Tensor, weight: Tensor, source: Tensor, output: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return one call, which also applies the derivative if that is a rectifier's."""
        code = self._code(Kernel.MULTIPLY, weight, weight.shape[2], self._epilogue)
        words = _words(
            _product(errors, weight, target), extra=self._signs(output, target), slope=self._slope
        )
        call = Call((code, *words), errors, weight, output, target)
        return [call, *self._derivative(source, output, target)]

    def skip_forward(
        self,
        source: Tensor,
        weight: Tensor,
        bias: Tensor,
        carried: Tensor,
        level: LevelBuffers,
        gains: Gains,
        rows: int,
    ) -> Sequence[Operation]:
        """Return one call if the nonlinearity is a rectifier, else several operations."""
        if self._epilogue is Epilogue.NONE:
            entering = level.entering[:, :rows]
            return [
                *self.affine(source[:, :rows], weight, bias, entering),
                *self.activate(level.entering, level.branch),
                *add_skip(carried, level, gains),
            ]
        code = self._code(Kernel.SKIP_AFFINE, weight, weight.shape[1], self._epilogue)
        words = _words(
            _product(source[:, :rows], weight, level.output[:, :rows]),
            extra=_extra(bias),
            scratch=self._scratch.data_ptr(),
            slope=self._slope,
            skip=_skip(carried, level.branch, gains, like=level.output),
        )
        held = (source, weight, bias, carried, self._scratch, *level, *gains)
        return [Call((code, *words), *held)]

    def skip_backward(
        self,
        errors: Tensor,
        weight: Tensor,
        carried: Tensor,
        level: LevelBuffers,
        gains: Gains,
        target: Tensor,
    ) -> Sequence[Operation]:
        """Return one call, which also applies the derivative if that is a rectifier's."""
        code = self._code(Kernel.SKIP_MULTIPLY, weight, weight.shape[2], self._epilogue)
        words = _words(
            _product(errors, weight, target),
            extra=self._signs(level.branch, target),
            slope=self._slope,
            skip=_skip(carried, level.branch, gains, like=target),
        )
        call = Call((code, *words), errors, weight, carried, target, *level, *gains)
        return [call, *self._derivative(level.entering, level.branch, target)]

    def gradient(
        self, errors: Tensor, source: Tensor, weight: Tensor, bias: Tensor
    ) -> Sequence[Operation]:
        """Return a call for the matrix, and one for the bias if rows of errors are contiguous."""
        columns = weight.shape[2]
        if columns > WIDEST:
            return self._torch.gradient(errors, source, weight, bias)
        code = self._code(Kernel.MULTIPLY, weight, columns, Epilogue.NONE)
        product = _product(errors.mT, source, weight)
        call = Call((code, *_words(product)), errors, source, weight)
        if errors.stride(2) != 1:
            return [call, partial(torch.sum, errors, 1, out=bias)]
        # This kernel uses only the words of the errors, the left factor of the product.
        code = self._code(Kernel.COLUMN_SUMS, errors, errors.shape[2], Epilogue.NONE)
        return [call, Call((code, *_words(product, extra=_extra(bias))), errors, bias)]

    def joined(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return the operations with neighbouring calls joined into one."""
        return list(joined(operations))

    def _signs(self, output: Tensor, target: Tensor) -> tuple[int, int]:
        """Return the words of the output, whose sign decides a rectifier's derivative."""
        if self._epilogue is Epilogue.NONE:
            return _NOTHING
        # The kernel uses the same offsets for both.
        assert output.stride() == target.stride()
        return _extra(output)

    def _derivative(self, source: Tensor, output: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return the derivative's operations; none if a kernel applies it."""
        if self._epilogue is not Epilogue.NONE:
            return []
        return self._nonlinearity.backward(target, source, output)

    def _code(self, kernel: Kernel, like: Tensor, columns: int, epilogue: Epilogue) -> int:
        return address(kernel, like.element_size(), columns, epilogue, self._on)


_NOTHING = (0, 0)
_NO_SKIP = (0, 0, 0, 0)


def _epilogue(nonlinearity: BatchedNonlinearity, like: Tensor) -> tuple[Epilogue, int]:
    """Return the epilogue of a nonlinearity, and the bits of its slope below 0."""
    slope = nonlinearity.rectifies
    if slope is None:
        return Epilogue.NONE, 0
    integers = {4: torch.int32, 8: torch.int64}[like.element_size()]
    bits = like.new_tensor(slope).view(integers).item()
    return (Epilogue.SLOPED if slope else Epilogue.FLAT), int(bits)


def _words(
    product: tuple[int, ...],
    *,
    extra: tuple[int, int] = _NOTHING,
    scratch: int = 0,
    slope: int = 0,
    skip: tuple[int, int, int, int] = _NO_SKIP,
) -> tuple[int, ...]:
    """Return the words of a call after the first, in the order of `Word`."""
    return (*product, *extra, scratch, slope, *skip)


def _skip(
    carried: Tensor, branch: Tensor, gains: Gains, *, like: Tensor
) -> tuple[int, int, int, int]:
    """Return the words of a layer's skip, whose matrices have the strides of the result."""
    assert carried.stride() == branch.stride() == like.stride()
    skip, each = gains
    assert skip.dtype == each.dtype == like.dtype
    assert skip.stride(0) == each.stride(0) == 1
    return carried.data_ptr(), branch.data_ptr(), skip.data_ptr(), each.data_ptr()


def _extra(tensor: Tensor) -> tuple[int, int]:
    """Return the words of a kernel's additional tensor."""
    return tensor.data_ptr(), tensor.stride(0)


def _product(left: Tensor, right: Tensor, result: Tensor) -> tuple[int, ...]:
    """Return the words of ``result = left @ right``, all ``(trials, rows, columns)``.

    `Kernel.AFFINE` expects the right factor transposed.
    """
    count, rows, terms = left.shape
    right_next, right_row, right_column = right.stride()
    result_next, result_row, result_column = result.stride()
    assert right_column == result_column == 1
    return (
        count,
        rows,
        terms,
        left.data_ptr(),
        *left.stride(),
        right.data_ptr(),
        right_next,
        right_row,
        result.data_ptr(),
        result_next,
        result_row,
    )
