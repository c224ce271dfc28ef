"""The arithmetic of hidden layers by kernels of our own, and by torch where those do not reach."""

from collections.abc import Iterable, Sequence

from torch import Tensor

from workers.engines.packed.arithmetic import TorchArithmetic
from workers.engines.packed.native.calls import Call, joined
from workers.engines.packed.native.machine_code import Kernel, Processor, address
from workers.engines.packed.nonlinearities import Nonlinearity, Operation
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
        self._slope = nonlinearity.rectifies
        self._on = on
        self._scratch = like.new_empty(transposed_size(width, max(width, n_inputs)))

    def affine(
        self, source: Tensor, weight: Tensor, bias: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return one call, with the nonlinearity in it if that is a rectifier."""
        code = self._code(Kernel.AFFINE, weight, weight.shape[1], self._slope)
        words = (*_product(code, source, weight, target), *_extra(bias), self._scratch.data_ptr())
        return [Call(words, source, weight, bias, target, self._scratch)]

    def activate(self, source: Tensor, target: Tensor) -> Sequence[Operation]:
        """Return the nonlinearity's operations, none if `affine` has applied it."""
        return [] if self._slope is not None else self._nonlinearity.forward(source, target)

    def through(
        self, errors: Tensor, weight: Tensor, source: Tensor, output: Tensor, target: Tensor
    ) -> Sequence[Operation]:
        """Return one call, with the derivative in it if it is a rectifier's."""
        code = self._code(Kernel.MULTIPLY, weight, weight.shape[2], self._slope)
        product = _product(code, errors, weight, target)
        if self._slope is None:
            call = Call((*product, *_NOTHING), errors, weight, target)
            return [call, *self._nonlinearity.backward(target, source, output)]
        # The kernel reads output and target at the same places.
        assert output.stride() == target.stride()
        return [Call((*product, *_extra(output), 0), errors, weight, output, target)]

    def gradient(
        self, errors: Tensor, source: Tensor, weight: Tensor, bias: Tensor
    ) -> Sequence[Operation]:
        """Return a call for the matrix and one for the bias."""
        by_torch = self._torch.gradient(errors, source, weight, bias)
        columns = weight.shape[2]
        if columns > WIDEST:
            return by_torch
        product, sums = by_torch
        code = self._code(Kernel.MULTIPLY, weight, columns, None)
        words = _product(code, errors.mT, source, weight)
        product = Call((*words, *_NOTHING), errors, source, weight)
        if errors.stride(2) == 1:
            code = self._code(Kernel.COLUMN_SUMS, errors, errors.shape[2], None)
            words = _product(code, errors.mT, source, weight)
            sums = Call((*words, *_extra(bias), 0), errors, bias)
        return [product, sums]

    def joined(self, operations: Iterable[Operation]) -> list[Operation]:
        """Return the operations with neighbouring calls made into one."""
        return list(joined(operations))

    def _code(self, kernel: Kernel, like: Tensor, columns: int, slope: float | None) -> int:
        return address(kernel, like.element_size(), columns, slope, self._on)


_NOTHING = (0, 0, 0)
"""What a kernel gets that needs nothing besides, and no scratch."""


def _extra(tensor: Tensor) -> tuple[int, int]:
    """Return the words of what a kernel needs besides."""
    return tensor.data_ptr(), tensor.stride(0)


def _product(code: int, left: Tensor, right: Tensor, result: Tensor) -> tuple[int, ...]:
    """Return the words of ``result = left @ right``, all ``(trials, rows, columns)``.

    `Kernel.AFFINE` takes the right factor transposed, row by row as well.
    """
    count, rows, terms = left.shape
    right_next, right_row, right_column = right.stride()
    result_next, result_row, result_column = result.stride()
    assert right_column == result_column == 1
    return (
        code,
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
