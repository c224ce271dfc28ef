"""Implementations of the training step behind one interface; importing them loads torch."""

from workers.engines.devices import DeviceUnavailableError, device_name
from workers.engines.interface import (
    Engine,
    Evaluation,
    GradientNorms,
    SplitResult,
    StepInput,
    UnsupportedTrialError,
)
from workers.engines.selection import create

__all__ = [
    "DeviceUnavailableError",
    "Engine",
    "Evaluation",
    "GradientNorms",
    "SplitResult",
    "StepInput",
    "UnsupportedTrialError",
    "create",
    "device_name",
]
