"""How many trials a processor runs at once: a fixed rule of shapes, never of a timing."""

from workers.contract import DatasetShape, TrialSpec

_LEVEL_NUMBERS = 1 << 15
_MOST = 16


def slots_for(spec: TrialSpec, dataset: DatasetShape) -> int:
    """Return how many trials like one a pack should hold at once.

    Enough that the calls of a step do not count, and so few that one layer's activations, of
    all of them, stay in a core's cache: 8 at width 32 and 100 samples, 1 above width 163.
    It changes no result.

    Args:
        spec: The trial.
        dataset: Its data set.

    Returns:
        A power of 2 from 1 to 16.
    """
    numbers = min(spec.batch_size, dataset.n_train) * spec.width
    fitting = max(1, min(_MOST, _LEVEL_NUMBERS // numbers))
    return 1 << (fitting.bit_length() - 1)
