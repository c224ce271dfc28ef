"""Implementations of the training step behind one interface; importing this package loads torch."""

from workers.engines.devices import DeviceUnavailableError, device_name, device_type
from workers.engines.interface import (
    Engine,
    Evaluation,
    GradientNorms,
    SplitResult,
    StepInput,
    TrainingState,
    UnsupportedTrialError,
)
from workers.engines.selection import create
from workers.engines.states import StateMismatchError

__all__ = [
    "DeviceUnavailableError",
    "Engine",
    "Evaluation",
    "GradientNorms",
    "SplitResult",
    "StateMismatchError",
    "StepInput",
    "TrainingState",
    "UnsupportedTrialError",
    "create",
    "device_name",
    "device_type",
]
