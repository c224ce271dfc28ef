"""Where an engine computes, and how the processor is set while it does."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from workers.errors import WorkersError
from workers.estimates.capacity import MEMORY_BYTES

_GPU_SHARE = 0.8


class DeviceUnavailableError(WorkersError):
    """A trial is to run on a device that this machine does not have."""

    def __init__(self, device: str) -> None:
        super().__init__(device)
        self.device = device

    def __str__(self) -> str:
        return f"no device {self.device!r} here; 'cpu' always is, 'cuda' needs a GPU"


def resolve(device: str) -> torch.device:
    """Return the device of a name.

    Args:
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:<index>"``.

    Raises:
        DeviceUnavailableError: There is no such device.
    """
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise DeviceUnavailableError(device) from error
    if resolved.type == "cpu":
        return resolved
    if resolved.type != "cuda" or (resolved.index or 0) >= torch.cuda.device_count():
        raise DeviceUnavailableError(device)
    return resolved


def device_name(device: str) -> str:
    """Return ``"cpu"`` or a GPU's model; errors as `resolve`'s."""
    resolved = resolve(device)
    return "cpu" if resolved.type == "cpu" else torch.cuda.get_device_name(resolved)


def device_type(device: str) -> str:
    """Return ``"cpu"`` or ``"cuda"``; errors as `resolve`'s."""
    return resolve(device).type


def device_model(device: str) -> str:
    """Return what measured times are good for: a GPU's model, or a CPU's and its threads.

    Raises:
        DeviceUnavailableError: There is no such device.
    """
    if resolve(device).type != "cpu":
        return device_name(device)
    return f"{_cpu_model()}, {os.cpu_count() or 1} threads"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:  # Not Linux.
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine() or "CPU"


def budget_of(device: str) -> int:
    """Return the bytes that a pack may take where nobody says: most of a GPU, some of a machine.

    A device that is not there has the budget of a CPU; its trials say that it is missing.
    """
    try:
        resolved = resolve(device)
    except DeviceUnavailableError:
        return MEMORY_BYTES
    if resolved.type == "cpu":
        return MEMORY_BYTES
    return int(_GPU_SHARE * torch.cuda.get_device_properties(resolved).total_memory)


@contextmanager
def fixed_arithmetic() -> Iterator[None]:
    """Compute on one thread with denormals flushed to zero; the settings before come back.

    One thread, because sums that are split over threads round differently, and a curve must
    not depend on how many there are. Flushed, because a walk that goes down leaves the normal
    numbers, where a CPU is six times slower (measured on the backward pass of 300 layers).
    Both settings belong to the calling thread; on a CPU autograd's backward pass runs there.
    """
    threads, flushed = torch.get_num_threads(), _flushes_denormals()
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.set_num_threads(threads)


def _flushes_denormals() -> bool:
    # torch can set the flag but not read it.
    smallest_normal = sys.float_info.min
    return smallest_normal * 0.5 == 0.0
