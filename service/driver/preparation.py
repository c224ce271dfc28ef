"""From a claimed sweep to its trial rows."""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from service.logs import event
from service.planner import plan, predict
from service.spec import SweepSpec, parse
from service.store import Database, leases, sweeps, trials
from service.store.leases import Claim
from workers.contract import DatasetShape

log = logging.getLogger("fathom.driver")

LOG_SECONDS = 5.0


class StoppedError(Exception):
    """The process was told to give its sweep back while it was planning."""


def prepare(
    database: Database,
    claim: Claim,
    shapes: Mapping[str, DatasetShape],
    stop: threading.Event | None = None,
) -> SweepSpec:
    """Expand the sweep into trial rows, once, in one transaction; return its spec.

    What has to be simulated is, before that transaction, which keeps others from writing.

    Raises:
        StoppedError: The process was told to stop before the plan was stored.
        SpecError: The spec cannot be run.
        FencedOutError: Another driver has taken the sweep over.
    """
    with database.write() as session:
        leases.hold(session, claim)
        sweeps.set_expected_end(session, claim.sweep_id, None)  # What was expected before a break.
        sweep = sweeps.get(session, claim.sweep_id)
        is_planned = trials.is_planned(session, claim.sweep_id)
    spec = parse(sweep.spec_text, sweep.spec_media)
    if not is_planned:
        note = _Progress(claim.sweep_id, stop or threading.Event())
        planned = predict(plan(claim.sweep_id, spec, shapes), shapes, note)
        with database.write() as session:
            leases.hold(session, claim)
            trials.insert_plan(session, claim.sweep_id, planned)
        event(
            log,
            logging.INFO,
            "planned",
            sweep=claim.sweep_id,
            trials=sum(len(each.trials) for each in planned),
        )
    return spec


@dataclass(slots=True)
class _Progress:
    """Tells of a plan's simulations now and then, and ends them when it must."""

    sweep_id: UUID
    stop: threading.Event
    told: float = field(default_factory=time.monotonic)

    def __call__(self, done: int, total: int) -> None:
        if self.stop.is_set():
            raise StoppedError
        if time.monotonic() - self.told > LOG_SECONDS:
            self.told = time.monotonic()
            event(log, logging.INFO, "simulated", sweep=self.sweep_id, walks=done, of=total)
