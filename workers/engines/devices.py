"""Devices by name, their memory, and the settings of the processor during computations."""

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from workers.errors import WorkersError
from workers.estimates.capacity import MEMORY_BYTES

# Part of a GPU's memory for packs; the rest is for torch, its context and temporary tensors.
_GPU_SHARE = 0.8


class DeviceUnavailableError(WorkersError):
    """This machine does not have the device on which a trial has to run."""

    def __init__(self, device: str) -> None:
        super().__init__(device)
        self.device = device

    def __str__(self) -> str:
        return f"no device {self.device!r} here; 'cpu' always is, 'cuda' needs a GPU"


def resolve(device: str) -> torch.device:
    """Return the torch device of a name.

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
    """Return ``"cpu"`` or a GPU's model.

    Raises:
        DeviceUnavailableError: There is no such device.
    """
    resolved = resolve(device)
    return "cpu" if resolved.type == "cpu" else torch.cuda.get_device_name(resolved)


def device_type(device: str) -> str:
    """Return ``"cpu"`` or ``"cuda"``.

    Raises:
        DeviceUnavailableError: There is no such device.
    """
    return resolve(device).type


def device_model(device: str) -> str:
    """Return a GPU's model, or a CPU's model and number of threads.

    Times that were measured on a device are valid on every device of the same model.

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
    """Return the default memory of a pack in bytes: most of a GPU, or a fixed part of a host.

    A device that does not exist has the budget of a CPU; its trials then fail with their own error.
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
    """Compute on one thread with denormals flushed to zero, and restore the settings afterwards.

    One thread, because sums that are split over threads round differently, and a curve must
    not depend on the number of threads. Denormals are flushed because errors that vanish with
    depth become denormal, and with denormals a CPU is six times slower (measured on the backward
    pass of 300 layers). Both settings belong to the calling thread, in which autograd's backward
    pass on a CPU runs too.
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
