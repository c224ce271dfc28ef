"""The one place that turns an engine's name into an engine."""

from workers.contract import EngineName, TrialSpec
from workers.datasets import Data
from workers.engines.capacity import slots_for
from workers.engines.devices import resolve
from workers.engines.interface import Engine
from workers.engines.packed import PackedEngine
from workers.engines.reference import ReferenceEngine


def create(spec: TrialSpec, data: Data, device: str, slots: int | None = None) -> Engine:
    """Return an engine, still empty, that can run a trial and others like it.

    Args:
        spec: Names the engine; whether the engine takes it shows when it is added.
        data: The trial's data set.
        device: ``"cpu"`` or ``"cuda"``, with an index if need be.
        slots: Trials at once, at least 1; None takes `slots_for`. It changes no result.

    Raises:
        DeviceUnavailableError: There is no such device.
    """
    resolved = resolve(device)
    match spec.engine:
        case EngineName.REFERENCE:
            return ReferenceEngine(data, resolved)
        case EngineName.PACKED:
            return PackedEngine(data, resolved, slots=slots or slots_for(spec, data.shape))
