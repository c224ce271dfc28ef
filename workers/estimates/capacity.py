"""Number of trials that run at once: a function of shapes and memory, never of a timing.

No result depends on it.
"""

from dataclasses import dataclass

from workers.contract import DatasetShape
from workers.engine_table import batches_on
from workers.estimates.memory import pack_memory
from workers.estimates.shapes import TrialShape

MEMORY_BYTES = 4 << 30
"""Default memory of a pack, in bytes."""

# Activations of one layer, of all trials: 128 KiB in float32, which stay in a core's own cache.
_LEVEL_NUMBERS = 1 << 15
# Activations of all layers, of all trials: 4 MiB in float32, which stay in a shared cache.
_ALL_NUMBERS = 1 << 20
# With more trials, the overhead of a call is already a small part of a step.
_MOST = 16
# Factors of a trial's time, measured at width 32: for half as many trials at once, and for
# activations that are computed twice.
_HALVED = 1.1
_RECOMPUTED = 4 / 3


@dataclass(frozen=True, slots=True)
class Capacity:
    """Way to run a pack.

    Attributes:
        slots: Trials at once.
        recomputes: Whether activations are computed again in the backward pass.
        bytes: Estimated memory of the pack.
    """

    slots: int
    recomputes: bool
    bytes: int


def slots_for(trial: TrialShape, dataset: DatasetShape, device_type: str = "cpu") -> int:
    """Return how many trials of a shape a pack should train at once, whatever the memory.

    Many trials share the overhead of each call. But the activations of one layer, of all trials,
    have to fit into a core's cache, and those of all layers into the next cache. With 100 samples
    that gives 8 trials at width 32 up to depth 40, 1 at width 32 from depth 164, and 1 above width
    163.

    Args:
        trial: Shape of the trials.
        dataset: Data set of the trials.
        device_type: ``"cpu"`` or ``"cuda"``.

    Returns:
        A power of 2 from 1 to 16; 1 where a batch would change the bits of the results.
    """
    if not batches_on(trial.engine, device_type):
        return 1
    level = trial.rows(dataset) * trial.network.width
    fitting = min(_MOST, _LEVEL_NUMBERS // level, _ALL_NUMBERS // (level * trial.network.depth))
    return 1 << (max(1, fitting).bit_length() - 1)


def capacity_of(
    trial: TrialShape, dataset: DatasetShape, memory_bytes: int, device_type: str = "cpu"
) -> Capacity:
    """Return the fastest way to run a pack within some memory.

    Where memory is short, fewer trials run at once or activations are computed again, whichever
    costs less time.

    Args:
        trial: Shape of the deepest trial.
        dataset: Data set of the trials.
        memory_bytes: Memory for the pack. If no way fits, the result is the one that takes least.
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
