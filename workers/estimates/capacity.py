"""How many trials a processor runs at once: a rule of shapes and memory, never of a timing.

It changes no result.
"""

from dataclasses import dataclass

from workers.contract import DatasetShape
from workers.engine_table import batches_on
from workers.estimates.memory import pack_memory
from workers.estimates.shapes import TrialShape

MEMORY_BYTES = 4 << 30
"""What a pack may take where nobody says."""

_LEVEL_NUMBERS = 1 << 15
_ALL_NUMBERS = 1 << 20
_MOST = 16
# What a trial's time is multiplied by, measured at width 32: half as many trials at once, and
# activations that are computed twice.
_HALVED = 1.1
_RECOMPUTED = 4 / 3


@dataclass(frozen=True, slots=True)
class Capacity:
    """How a pack is run.

    Attributes:
        slots: Trials at once.
        recomputes: Whether activations are computed again in the backward pass.
        bytes: What the pack is predicted to take.
    """

    slots: int
    recomputes: bool
    bytes: int


def slots_for(trial: TrialShape, dataset: DatasetShape, device_type: str = "cpu") -> int:
    """Return how many trials like one a pack should hold at once, whatever the memory.

    Enough that what a step takes besides arithmetic does not count, and so few that one layer's
    activations, of all of them, stay in a core's cache, and those of all layers near it: at width
    32 and 100 samples 8 up to depth 40 and 1 from depth 164; 1 above width 163.

    Args:
        trial: The trial.
        dataset: Its data set.
        device_type: ``"cpu"`` or ``"cuda"``.

    Returns:
        A power of 2 from 1 to 16; 1 where the engine's batches change bits.
    """
    if not batches_on(trial.engine, device_type):
        return 1
    level = trial.rows(dataset) * trial.network.width
    fitting = min(_MOST, _LEVEL_NUMBERS // level, _ALL_NUMBERS // (level * trial.network.depth))
    return 1 << (max(1, fitting).bit_length() - 1)


def capacity_of(
    trial: TrialShape, dataset: DatasetShape, memory_bytes: int, device_type: str = "cpu"
) -> Capacity:
    """Return the fastest way to run trials like one within some memory.

    Where it is short, fewer trials run at once or activations are computed again, whichever
    costs less time.

    Args:
        trial: The deepest of them.
        dataset: Their data set.
        memory_bytes: What the pack may take. Where nothing fits, the way that takes least.
        device_type: ``"cpu"`` or ``"cuda"``.
    """
    best = slots_for(trial, dataset, device_type)
    ways: list[tuple[float, Capacity]] = []
    for halvings in range(best.bit_length()):
        slots = best >> halvings
        for recomputes in (False, True):
            memory = pack_memory([trial] * slots, dataset, slots, recomputes=recomputes)
            slowdown = _HALVED**halvings * (_RECOMPUTED if recomputes else 1.0)
            ways.append((slowdown, Capacity(slots, recomputes, memory.total)))
    fitting = [way for way in ways if way[1].bytes <= memory_bytes]
    if not fitting:
        return min((way for _, way in ways), key=lambda way: way.bytes)
    return min(fitting, key=lambda way: way[0])[1]
