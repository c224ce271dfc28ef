"""Calls of kernels with their arguments bound, one after another in a single call from Python."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np
from torch import Tensor

from workers.engines.packed.native.machine_code import runner
from workers.engines.packed.nonlinearities import Operation


class Call:
    """One call of a kernel; an operation."""

    def __init__(self, words: Sequence[int], *tensors: Tensor) -> None:
        """Bind the arguments.

        Args:
            words: One for each of `Word`.
            tensors: What they point to; held as long as the call.
        """
        self.words, self.tensors = words, tensors

    def __call__(self) -> None:
        Calls([self])()


class Calls:
    """Calls in a row; an operation."""

    def __init__(self, calls: Iterable[Call]) -> None:
        """Copy the arguments into one table."""
        calls = list(calls)
        self._table = np.array([call.words for call in calls], dtype=np.int64)
        self._held = [call.tensors for call in calls]
        self._run, self._place = runner(), self._table.ctypes.data

    def __call__(self) -> None:
        self._run(self._place, len(self._table))


def joined(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the same operations, with neighbouring calls of kernels made into one."""
    for is_call, group in groupby(operations, lambda operation: isinstance(operation, Call)):
        if is_call:
            yield Calls(call for call in group if isinstance(call, Call))
        else:
            yield from group
