"""What a trial's row says about where it ran."""

import platform
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
        versions=_versions(),
    )


def _versions() -> str:
    try:
        fathom = version("fathom-sweeps")
    except PackageNotFoundError:
        fathom = "not installed"  # run from a checkout
    return (
        f"python {platform.python_version()}, torch {torch.__version__}, "
        f"numpy {np.__version__}, fathom {fathom}"
    )
