"""The loop as Ray Tune sees it: a pack of trials is one Tune trial on a warm actor.

Tune sees few, fat trials and no metric: curves travel in the ``reports`` of a result, which
the sink takes out, and a trial that diverges ends here, so that no number that is not finite
ever reaches a Tune scheduler.

What loads torch is imported where it is used: the driver imports this file as well, and has no
use for torch.
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

STEP_SECONDS = 1.0
REPORTS = "reports"
DONE = "done"


def take(
    run: Iterator[Report | None], seconds: float, clock: Callable[[], float] = time.monotonic
) -> tuple[list[Report], bool]:
    """Advance a run until an epoch ends with some time gone, or all of the time is gone.

    Args:
        run: Yields None between optimizer steps.
        seconds: Longest time to go on for; an epoch that ends after a quarter of it returns.
        clock: Seconds, monotone.

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


def measured(
    packs: Sequence[Pack], device: str, known: Sequence[Calibration], actors: int
) -> list[Calibration]:
    """Return what nobody knows yet of this device; nothing where measuring it fails."""
    from workers.training.calibration import calibrations_of

    used = {spec.engine for pack in packs for spec in pack.specs}
    try:
        return calibrations_of(device, used, known, actors)
    except Exception:
        # An edge: a device that cannot be measured can be good enough to train on.
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
        """Keep what all packs share, measure a device that nobody has, and begin the first."""
        from workers.engines.devices import budget_of

        self._packs = packs
        self._data = data or {}
        self._control = control
        self._device = device
        self._stopping = stopping
        self._until = until
        self._memory_bytes = memory_bytes or budget_of(device)
        self._measured = measured(packs, device, calibrations, actors)
        self.reset_config(config)
        # What is loaded by now stays; every full collection would go through all of it.
        gc.freeze()

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Begin the pack that the config names; the actor and its data stay."""
        from workers.training import run_pack

        pack = self._packs[new_config["pack"]]
        control = self._control
        judges = self._stopping in (StoppingKind.ASHA, StoppingKind.MEDIAN)
        self._run = run_pack(
            pack.specs,
            self._data[pack.dataset],
            device=self._device,
            verdict=control.judge if control is not None and judges else None,
            until=self._until,
            checkpoints=control if self._stopping is StoppingKind.HALVING else None,
            memory_bytes=self._memory_bytes,
        )
        return True

    def step(self) -> dict[str, Any]:
        """Train for about a second and return the reports; done when told to or exhausted."""
        if self._control is not None and self._control.orders().wind_down:
            return {REPORTS: [], DONE: True}
        reports, done = take(self._run, STEP_SECONDS)
        calibrations, self._measured = self._measured, []
        return {REPORTS: [*calibrations, *reports], DONE: done}
