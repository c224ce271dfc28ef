"""Description of the machine and the versions that a trial runs with."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import numpy as np
import torch

from workers.contract import TrialSpec, TrialStart
from workers.engines import device_name


def trial_start(spec: TrialSpec, device: str) -> TrialStart:
    """Return the report that a trial starts on this machine.

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
    """Return the versions of the libraries that compute a step: torch, and LLVM on a CPU."""
    return f"torch {torch.__version__}, {_installed('llvmlite', 'llvmlite')}"


# Cached, because a look-up reads the file system; three take longer than a small trial's epoch.
@cache
def _installed(name: str, package: str) -> str:
    try:
        return f"{name} {version(package)}"
    except PackageNotFoundError:  # Fathom may run from a checkout; llvmlite is optional.
        return f"{name} not installed"
