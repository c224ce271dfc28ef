"""Plan a claimed sweep: store its configurations and trials."""

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

# Time between two log lines about simulations, of which each takes a second or so.
LOG_SECONDS = 5.0


class StoppedError(Exception):
    """The process must give its sweep back before the plan was stored."""


def prepare(
    database: Database,
    claim: Claim,
    shapes: Mapping[str, DatasetShape],
    stop: threading.Event | None = None,
) -> SweepSpec:
    """Store the plan of a sweep unless it has one, and return its spec.

    Args:
        database: The store.
        claim: The driver's claim on the sweep.
        shapes: Shapes of all known data sets, by name.
        stop: Set to give the sweep back; None never stops.

    Raises:
        StoppedError: ``stop`` was set before the plan was stored.
        SpecError: The spec cannot be run.
        FencedOutError: Another driver has taken the sweep over.
    """
    with database.write() as session:
        leases.hold(session, claim)
        # An estimate of an earlier run is void after a pause.
        sweeps.set_expected_end(session, claim.sweep_id, None)
        sweep = sweeps.get(session, claim.sweep_id)
        is_planned = trials.is_planned(session, claim.sweep_id)
    spec = parse(sweep.spec_text, sweep.spec_media)
    if not is_planned:
        note = _PreparationProgress(claim.sweep_id, stop or threading.Event())
        # Simulations take long, so they run outside of the transaction below, during which no one
        # else can write to SQLite.
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
class _PreparationProgress:
    """Logs the progress of a plan's simulations, and raises `StoppedError` to end them."""

    sweep_id: UUID
    stop: threading.Event
    logged_at: float = field(default_factory=time.monotonic)

    def __call__(self, done: int, total: int) -> None:
        if self.stop.is_set():
            raise StoppedError
        if time.monotonic() - self.logged_at > LOG_SECONDS:
            self.logged_at = time.monotonic()
            event(log, logging.INFO, "simulated", sweep=self.sweep_id, walks=done, of=total)
