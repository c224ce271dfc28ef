"""What a trial's row says about where it ran."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch

from workers.contract import TrialSpec, TrialStart
from workers.engines import device_name


def trial_start(spec: TrialSpec, device: str) -> TrialStart:
    """Return the report that a trial was taken up on this machine.

    Raises:
        DeviceUnavailableError: There is no such device.
    """
    return TrialStart(
        trial_id=spec.trial_id,
        host=platform.node(),
        device=device_name(device),
        versions=", ".join(
            [
                f"python {platform.python_version()}",
                arithmetic_versions(),
                f"numpy {np.__version__}",
                _installed("fathom", "fathom-sweeps"),
            ]
        ),
    )


def arithmetic_versions() -> str:
    """Return the versions of what computes a step: torch, and LLVM for kernels on a CPU."""
    return f"torch {torch.__version__}, {_installed('llvmlite', 'llvmlite')}"


# A look-up goes through the file system: three of them take longer than a small trial's epoch.
@cache
def _installed(name: str, package: str) -> str:
    try:
        return f"{name} {version(package)}"
    except PackageNotFoundError:  # Fathom may run from a checkout, and without LLVM.
        return f"{name} not installed"
