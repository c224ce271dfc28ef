"""Ray Tune trainable that trains packs; a pack of trials is one Tune trial on a warm actor.

Tune gets no metric. Curves are in the ``reports`` of a result, which the driver's sink removes.
A trial that diverges ends inside its pack, so that no infinite or NaN number reaches a Tune
scheduler.

Modules that load torch are imported inside functions, because the driver imports this file and
does not need torch.
"""

import gc
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ray import tune

from workers.contract import Calibration, EpochRecord, Pack, Report, StoppingKind
from workers.control import Control
from workers.datasets import Data

log = logging.getLogger("fathom.workers")

# Reports are a second old at most, and a call of Tune costs little beside a second.
STEP_SECONDS = 1.0
REPORTS = "reports"
DONE = "done"


def advance(
    run: Iterator[Report | None], seconds: float, clock: Callable[[], float] = time.monotonic
) -> tuple[list[Report], bool]:
    """Advance a run for some time, or up to the end of an epoch after a quarter of that time.

    Args:
        run: Iterator of reports, with None after each optimizer step.
        seconds: Longest time; a step that has begun is completed.
        clock: Returns seconds, monotonic.

    Returns:
        The reports in order, and whether the run is exhausted.
    """
    start = clock()
    reports: list[Report] = []
    for report in run:
        if report is not None:
            reports.append(report)
        elapsed = clock() - start
        if elapsed >= seconds or (elapsed >= seconds / 4 and isinstance(report, EpochRecord)):
            return reports, False
    return reports, True


def new_calibrations(
    packs: Sequence[Pack], device: str, known: Sequence[Calibration], actors: int
) -> list[Calibration]:
    """Return calibrations of this device that are not stored yet; none if measuring fails."""
    from workers.training.calibration import calibrations_of

    used = {spec.engine for pack in packs for spec in pack.specs}
    try:
        return calibrations_of(device, used, known, actors)
    except Exception:
        # Calibrations serve estimates alone; a device that cannot be measured may still train.
        log.exception("calibration failed device=%s", device)
        return []


class PackTrainable(tune.Trainable):
    """Runs one pack after another on the same actor."""

    # Tune calls `setup(config)`; `tune.with_parameters` adds the keywords.
    def setup(
        self,
        config: dict[str, Any],  # Tune's
        packs: Sequence[Pack] = (),
        data: Mapping[str, Data] | None = None,
        control: Control | None = None,
        device: str = "cpu",
        memory_bytes: int = 0,
        actors: int = 1,
        calibrations: Sequence[Calibration] = (),
        stopping: StoppingKind | None = None,
        until: int | None = None,
    ) -> None:
        """Store what all packs share, measure the device if it is new, and start the first pack."""
        from workers.engines.devices import budget_of

        self._packs = packs
        self._data = data or {}
        self._control = control
        self._device = device
        self._stopping = stopping
        self._until = until
        self._memory_bytes = memory_bytes or budget_of(device)
        self._calibrations = new_calibrations(packs, device, calibrations, actors)
        self.reset_config(config)
        # Loaded modules and data sets live as long as the process. Frozen, they are not searched by
        # every full garbage collection.
        gc.freeze()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Start the pack whose index the config contains, on the same actor and data."""
        from workers.training import run_pack

        pack = self._packs[new_config["pack"]]
        control = self._control
        # Halving is judged by the driver between two rounds, not by the workers.
        judges = self._stopping in (StoppingKind.ASHA, StoppingKind.MEDIAN)
        self._run = run_pack(
            pack.specs,
            self._data[pack.dataset],
            device=self._device,
            judge=control.judge if control is not None and judges else None,
            until=self._until,
            checkpoints=control if self._stopping is StoppingKind.HALVING else None,
            memory_bytes=self._memory_bytes,
        )
        return True

    def step(self) -> dict[str, Any]:
        """Train for about a second and return the reports.

        The result is done when the pack has ended or the control actor instructs to wind down.
        """
        if self._control is not None and self._control.instructions().wind_down:
            return {REPORTS: [], DONE: True}
        reports, done = advance(self._run, STEP_SECONDS)
        calibrations, self._calibrations = self._calibrations, []
        return {REPORTS: [*calibrations, *reports], DONE: done}
