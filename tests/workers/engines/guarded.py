"""Runs the kernels on matrices that end where memory ends; Linux only."""

import ctypes
import json
import mmap
import sys

import torch
from torch import Tensor

from workers.contract import Activation
from workers.engines.packed.buffers import LevelBuffers
from workers.engines.packed.gains import Gains
from workers.engines.packed.native import NativeArithmetic, Processor
from workers.engines.packed.nonlinearities import nonlinearity

_LIBC = ctypes.CDLL(None, use_errno=True)
_HELD: list[mmap.mmap] = []


def guarded(*shape: int) -> Tensor:
    """Return ones of a shape, with a page behind them that may not be touched."""
    numbers = torch.Size(shape).numel()
    room = -(-4 * numbers // mmap.PAGESIZE) * mmap.PAGESIZE
    memory = mmap.mmap(-1, room + mmap.PAGESIZE)
    _HELD.append(memory)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    nothing_allowed = 0
    if _LIBC.mprotect(ctypes.c_void_p(start + room), mmap.PAGESIZE, nothing_allowed):
        raise OSError(ctypes.get_errno(), "mprotect")
    whole = torch.frombuffer(memory, dtype=torch.float32, count=room // 4)
    return whole[room // 4 - numbers :].view(shape).fill_(1.0)


def main(sizes: str, vector_bytes: str, registers: str, name: str, features: str) -> None:
    """Make each product once; a touch ends the process."""
    rows, fan_in, fan_out = json.loads(sizes)
    on = Processor(int(vector_bytes), int(registers), name, features)
    by = NativeArithmetic(nonlinearity(Activation.RELU, 0.0), fan_out, fan_in, torch.zeros(()), on)
    source, errors = guarded(2, rows, fan_in), guarded(2, rows, fan_out)
    weight, bias = guarded(2, fan_out, fan_in), guarded(2, fan_out)
    square, one = guarded(2, fan_in, fan_in), guarded(2, fan_in)
    gains = Gains(guarded(2, 1, 1), guarded(2, 1, 1))
    level = LevelBuffers(*(guarded(2, rows, fan_in) for _ in LevelBuffers._fields))
    for operation in (
        *by.affine(source, weight, bias, guarded(2, rows, fan_out)),
        *by.backward_input(errors, weight, source, source, guarded(2, rows, fan_in)),
        *by.skip_forward(source, square, one, source, level, gains, rows),
        *by.linear(source, square, one, level.output),
        *by.linear_back(source, square, level.output),
        *by.skip_backward(source, square, guarded(2, rows, fan_in), level, gains, level.output),
        *by.gradient(errors, source, guarded(2, fan_out, fan_in), guarded(2, fan_out)),
    ):
        operation()


if __name__ == "__main__":
    main(*sys.argv[1:])
