"""Calls of kernels with bound arguments; neighbouring ones are run by one call from Python."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

import numpy as np
from torch import Tensor

from workers.engines.packed.native.machine_code import runner
from workers.engines.packed.nonlinearities import Operation


class Call:
    """An operation that calls one kernel."""

    def __init__(self, words: Sequence[int], *tensors: Tensor) -> None:
        """Bind the arguments.

        Args:
            words: An integer for each member of `Word`.
            tensors: Tensors whose addresses are among the words. References to them are kept, so
                that their memory is not freed.
        """
        self.words, self.tensors = words, tensors

    def __call__(self) -> None:
        Calls([self])()


class Calls:
    """An operation that calls several kernels, one after another."""

    def __init__(self, calls: Iterable[Call]) -> None:
        """Copy the words of all calls into one table."""
        calls = list(calls)
        self._table = np.array([call.words for call in calls], dtype=np.int64)
        # Keeps the tensors alive whose addresses are in the table.
        self._held = [call.tensors for call in calls]
        self._run, self._address = runner(), self._table.ctypes.data

    def __call__(self) -> None:
        self._run(self._address, len(self._table))


def joined(operations: Iterable[Operation]) -> Iterator[Operation]:
    """Yield the same operations, with neighbouring calls of kernels joined into one."""
    for is_call, group in groupby(operations, lambda operation: isinstance(operation, Call)):
        if is_call:
            yield Calls(call for call in group if isinstance(call, Call))
        else:
            yield from group
