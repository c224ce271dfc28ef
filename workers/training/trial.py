"""Training of one trial, as an iterator of reports.

The iterator works only inside of `next` calls, and frees its resources when it is closed.
"""

import time
from collections.abc import Generator

from workers import engines
from workers.contract import TrialReport, TrialSpec
from workers.datasets import Data
from workers.engines import StepInput
from workers.training.environment import trial_start
from workers.training.stopwatch import Clock, Stopwatch
from workers.training.training_loop import Checkpoint, training_loop


def run_trial(
    spec: TrialSpec, data: Data, *, device: str = "cpu", clock: Clock = time.perf_counter
) -> Generator[TrialReport | None, None, None]:
    """Train a network and yield its reports.

    The curve is a function of ``spec`` and ``data`` alone.

    Args:
        spec: The trial; with 0 epochs only the initial network is measured.
        data: Its data set.
        device: ``"cpu"`` or ``"cuda"``.
        clock: Returns seconds. Time that the caller spends between two items is not counted.

    Yields:
        `TrialStart` and `InitialWalk`; then an `EpochRecord` for epoch 0 and for each epoch,
        followed by a `LayerProfile` at the profile epochs; None after every step; last a
        `TrialEnd`, completed or diverged. The epoch in which a loss is not finite has no record.

    Raises:
        DeviceUnavailableError: There is no such device.
        UnsupportedTrialError: The engine or the data set cannot run the trial.
    """
    yield trial_start(spec, device)
    engine = engines.create(spec, data, device, slots=1)
    watch = Stopwatch(clock)
    loop = training_loop(engine, spec, data, watch)
    loss: float | None = None
    try:
        while True:
            item = loop.send(loss)
            loss = None
            assert not isinstance(item, Checkpoint)  # only a loop with `until` yields one
            if isinstance(item, StepInput):
                loss = engine.step({spec.trial_id: item})[spec.trial_id]
            with watch.paused():
                yield None if isinstance(item, StepInput) else item
    except StopIteration:
        return
    finally:
        engine.drop(spec.trial_id)
