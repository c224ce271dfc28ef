"""Creation of an engine by its name."""

from workers.contract import EngineName, TrialSpec
from workers.datasets import Data
from workers.engine_table import declaration_of
from workers.engines.devices import resolve
from workers.engines.interface import Engine, UnsupportedTrialError
from workers.engines.packed import PackedEngine
from workers.engines.reference import ReferenceEngine
from workers.estimates import TrialShape, capacity_of
from workers.estimates.capacity import MEMORY_BYTES


def create(
    spec: TrialSpec,
    data: Data,
    device: str,
    slots: int | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> Engine:
    """Return an empty engine for a trial and others of its shape.

    Neither ``slots`` nor ``memory_bytes`` changes a result.

    Args:
        spec: A trial, which names the engine; it is checked only when it is added.
        data: Data set of the trial.
        device: ``"cpu"``, ``"cuda"`` or ``"cuda:<index>"``.
        slots: Trials at once, at least 1; None chooses by `capacity_of`.
        memory_bytes: Memory for the engine.

    Raises:
        DeviceUnavailableError: There is no such device.
        UnsupportedTrialError: The engine does not run on this type of device.
    """
    resolved = resolve(device)
    devices = declaration_of(spec.engine).devices
    if resolved.type not in devices:
        allowed = f"one of {', '.join(sorted(devices))} for the engine {spec.engine}"
        raise UnsupportedTrialError("resources.device", resolved.type, allowed)
    match spec.engine:
        case EngineName.REFERENCE:
            return ReferenceEngine(data, resolved)
        case EngineName.PACKED:
            shape = TrialShape.of(spec.configuration)
            if slots is None:
                slots = capacity_of(shape, data.shape, memory_bytes, resolved.type).slots
            return PackedEngine(data, resolved, slots=slots, memory_bytes=memory_bytes)
