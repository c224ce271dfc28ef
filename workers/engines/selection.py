"""The one place that turns an engine's name into an engine."""

from workers.contract import EngineName, TrialSpec
from workers.datasets import Data
from workers.engines.devices import resolve
from workers.engines.interface import Engine
from workers.engines.reference import ReferenceEngine


def create(spec: TrialSpec, data: Data, device: str) -> Engine:
    """Return an engine, still empty, that can run a trial.

    Args:
        spec: Names the engine; whether the engine takes it shows when it is added.
        data: The trial's data set.
        device: ``"cpu"`` or ``"cuda"``, with an index if need be.

    Raises:
        DeviceUnavailableError: There is no such device.
    """
    match spec.engine:
        case EngineName.REFERENCE:
            return ReferenceEngine(data, resolve(device))
