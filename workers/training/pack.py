"""Many trials one after another, in which an error ends its own trial only."""

import contextlib
import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from uuid import UUID

from workers.contract import EpochRecord, Outcome, Report, TrialEnd, TrialSpec
from workers.datasets import Data
from workers.training.trial import Clock, run_trial

_log = logging.getLogger(__name__)


def _never(_trial_id: UUID) -> bool:
    return False


def run_pack(
    specs: Iterable[TrialSpec],
    data: Data,
    *,
    is_cancelled: Callable[[UUID], bool] = _never,
    device: str = "cpu",
    clock: Clock = time.perf_counter,
) -> Generator[Report | None, None, None]:
    """Run trials in order; see `run_trial` for what each yields.

    Args:
        specs: The trials; they share a data set.
        data: It.
        is_cancelled: Asked before each trial and after each epoch but the last; a trial of
            which it says so ends as cancelled. What it raises is not caught.
        device: ``"cpu"`` or ``"cuda"``.
        clock: Seconds.

    Yields:
        The reports of each trial. Each ends with one `TrialEnd`: whatever is raised inside a
        trial, interrupts of the process aside, makes it a failed one with a message.
    """
    for spec in specs:
        if is_cancelled(spec.trial_id):
            yield TrialEnd(trial_id=spec.trial_id, outcome=Outcome.CANCELLED)
            continue
        with contextlib.closing(_guarded(spec, data, device, clock)) as reports:
            yield from _until_cancelled(spec, reports, is_cancelled)


def _until_cancelled(
    spec: TrialSpec, reports: Iterator[Report | None], is_cancelled: Callable[[UUID], bool]
) -> Iterator[Report | None]:
    for report in reports:
        yield report
        # After the last epoch the trial is complete, whatever was wished of it.
        running = isinstance(report, EpochRecord) and report.epoch < spec.epochs
        if running and is_cancelled(spec.trial_id):
            yield TrialEnd(trial_id=spec.trial_id, outcome=Outcome.CANCELLED)
            return


def _guarded(
    spec: TrialSpec, data: Data, device: str, clock: Clock
) -> Generator[Report | None, None, None]:
    try:
        yield from run_trial(spec, data, device=device, clock=clock)
    except Exception as error:
        # An edge: one bad trial must not take the pack with it.
        _log.exception("trial %s failed", spec.trial_id)
        yield TrialEnd(
            trial_id=spec.trial_id,
            outcome=Outcome.FAILED,
            message=f"{type(error).__name__}: {error}",
        )
