"""The arithmetic of hidden layers by kernels of our own, and by torch where those do not reach."""

from collections.abc import Iterable, Sequence
from functools import partial

import torch
from torch import Tensor

from workers.engines.packed.native.calls import Call, joined
from workers.engines.packed.native.kernels import Epilogue
from workers.engines.packed.native.machine_code import Kernel, Processor, address
from workers.engines.packed.nonlinearities import Nonlinearity, Operation
from workers.engines.packed.torch_arithmetic import TorchArithmetic
from workers.estimates.sizes import WIDEST, transposed_size


class NativeArithmetic:
    """`Arithmetic` of layers in main memory, at most `WIDEST` units wide."""

    def __init__(
        self, nonlinearity: Nonlinearity, width: int, n_inputs: int, like: Tensor, on: Processor
    ) -> None:
        """Make no kernel yet.

        Args:
            nonlinearity: Of the hidden layers.
            width: Their units.
            n_inputs: Dimensions of one sample.
            like: Gives the dtype.
            on: The processor.
        """
        self.keeps_input = nonlinearity.keeps_input
        self._nonlinearity, self._torch = nonlinearity, TorchArithmetic(nonlinearity)
        self._epilogue, self._slope = _epilogue(nonlinearity, like)
        self._on = on
        self._scratch = like.new_empty(transposed_size(width, max(width, n_inputs)))

    def affine(
        self, source: Tensor, weight: Tensor, bias: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return one call, with the nonlinearity in it if that is a rectifier."""
        code = self._code(Kernel.AFFINE, weight, weight.shape[1], self._epilogue)
        product = _product(source, weight, target)
        words = (code, *product, *_extra(bias), self._scratch.data_ptr(), self._slope)
        return [Call(words, source, weight, bias, target, self._scratch)]

    def activate(self, source: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return the nonlinearity's operations, none if `affine` has applied it."""
        return (
            []
            if self._epilogue is not Epilogue.NONE
            else self._nonlinearity.forward(source, target)
        )

    def backward_input(
        self, errors: Tensor, weight: Tensor, source: Tensor, output: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return one call, with the derivative in it if it is a rectifier's."""
        code = self._code(Kernel.MULTIPLY, weight, weight.shape[2], self._epilogue)
        product = _product(errors, weight, target)
        if self._epilogue is Epilogue.NONE:
            call = Call((code, *product, *_NOTHING), errors, weight, target)
            return [call, *self._nonlinearity.backward(target, source, output)]
        # The kernel reads output and target at the same places.
        assert output.stride() == target.stride()
        words = (code, *product, *_extra(output), 0, self._slope)
        return [Call(words, errors, weight, output, target)]

    def gradient(
        self, errors: Tensor, source: Tensor, weight: Tensor, bias: Tensor
    ) -> Sequence[Operation]:
        """Return a call for the matrix and, where errors lie row by row, one for the bias."""
        columns = weight.shape[2]
        if columns > WIDEST:
            return self._torch.gradient(errors, source, weight, bias)
        product = _product(errors.mT, source, weight)
        code = self._code(Kernel.MULTIPLY, weight, columns, Epilogue.NONE)
        call = Call((code, *product, *_NOTHING), errors, source, weight)
        if errors.stride(2) != 1:
            return [call, partial(torch.sum, errors, 1, out=bias)]
        # Of the product, this kernel looks at the errors alone.
        code = self._code(Kernel.COLUMN_SUMS, errors, errors.shape[2], Epilogue.NONE)
        return [call, Call((code, *product, *_extra(bias), 0, 0), errors, bias)]

    def joined(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return the operations with neighbouring calls made into one."""
        return list(joined(operations))

    def _code(self, kernel: Kernel, like: Tensor, columns: int, epilogue: Epilogue) -> int:
        return address(kernel, like.element_size(), columns, epilogue, self._on)


_NOTHING = (0, 0, 0, 0)
"""The last words of a kernel that needs nothing besides: no scratch, no slope."""


def _epilogue(nonlinearity: Nonlinearity, like: Tensor) -> tuple[Epilogue, int]:
    """Return how kernels epilogue what they compute, and the bits of the slope below 0."""
    slope = nonlinearity.rectifies
    if slope is None:
        return Epilogue.NONE, 0
    integers = {4: torch.int32, 8: torch.int64}[like.element_size()]
    bits = like.new_tensor(slope).view(integers).item()
    return (Epilogue.SLOPED if slope else Epilogue.FLAT), int(bits)


def _extra(tensor: Tensor) -> tuple[int, int]:
    """Return the words of what a kernel needs besides."""
    return tensor.data_ptr(), tensor.stride(0)


def _product(left: Tensor, right: Tensor, result: Tensor) -> tuple[int, ...]:
    """Return the words of ``result = left @ right``, all ``(trials, rows, columns)``.

    `Kernel.AFFINE` takes the right factor transposed, row by row as well.
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
