"""Thread of a child process that writes reports and stops the run when there is a reason."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from service.driver.conclusion import REQUESTED, ExitReason
from service.driver.sink import CONNECTION_ERRORS, Sink
from service.logs import event
from service.spec.grammar.controls import Limits
from service.store import Database, FencedOutError, sweeps
from service.store.leases import Claim
from workers.contract import Outcome

log = logging.getLogger("fathom.driver")

PERIOD_SECONDS = 0.5
# How long a child that must stop still tries to reach an absent database. Epochs that were not
# written are trained again by the next launch.
FINAL_FLUSH_SECONDS = 10.0


class Monitor(threading.Thread):
    """Flushes the sink twice a second, and makes the workers wind down if the run must end.

    Attributes:
        exit_reason: Why the workers wind down; None while they run.
        message: Reason of a failure, for a person; None without one.
    """

    def __init__(
        self,
        database: Database,
        claim: Claim,
        sink: Sink,
        wind_down: Callable[[], object],
        stop: threading.Event,
        limits: Limits,
    ) -> None:
        super().__init__(name="monitor", daemon=True)
        self.exit_reason: ExitReason | None = None
        self.message: str | None = None
        self._database = database
        self._claim = claim
        self._sink = sink
        self._wind_down = wind_down
        self._stop_requested = stop
        self._limits = limits
        self._parent = os.getppid()
        self._finished = threading.Event()

    def run(self) -> None:
        """Call `tick` periodically until `finish` is called."""
        while not self._finished.wait(PERIOD_SECONDS):
            try:
                self.tick()
            # If this thread died alone, every later report would be lost without a word. The next
            # launch of the sweep trains the lost epochs again.
            except Exception:
                log.exception("monitor failed sweep=%s", self._claim.sweep_id)
                os._exit(1)

    def tick(self) -> None:
        """Write the queued reports, then wind down if there is a reason to stop.

        Exits the process if the supervisor is gone or the claim is void.
        """
        # A child without its supervisor would lose the lease, while the next driver runs the sweep.
        if os.getppid() != self._parent:
            event(log, logging.ERROR, "driver is gone", sweep=self._claim.sweep_id)
            os._exit(1)
        try:
            self._sink.flush()
            reason = self._reason_to_stop()
        except FencedOutError:
            # Another driver runs this sweep now; the workers die with this process.
            event(log, logging.ERROR, "fenced out", sweep=self._claim.sweep_id)
            os._exit(1)
        except CONNECTION_ERRORS:
            reason = ExitReason.GIVEN_BACK if self._stop_requested.is_set() else None
        if reason is not None and self.exit_reason is None:
            self.exit_reason = reason
            event(log, logging.INFO, "winding down", sweep=self._claim.sweep_id, reason=reason)
            self._wind_down()

    def _reason_to_stop(self) -> ExitReason | None:
        """Return why the run must end, or None."""
        if self._stop_requested.is_set():
            return ExitReason.GIVEN_BACK
        with self._database.read() as session:
            sweep = sweeps.get(session, self._claim.sweep_id)
            counts = sweeps.counts(session, [sweep.id])[sweep.id]
        if sweep.state in REQUESTED:
            return REQUESTED[sweep.state]
        failed = counts.outcomes[Outcome.FAILED]
        if failed > self._limits.max_failures:
            self.message = (
                f"{failed} trials failed; limits.max_failures is {self._limits.max_failures}"
            )
            return ExitReason.FAILED
        if self._is_past_deadline(sweep.started_at):
            return ExitReason.DEADLINE
        return None

    def _is_past_deadline(self, started_at: datetime | None) -> bool:
        minutes = self._limits.deadline_minutes
        if minutes is None or started_at is None:
            return False
        return datetime.now(UTC) - started_at > timedelta(minutes=minutes)

    def drain(self) -> None:
        """Write all queued reports; wait while the database cannot be reached.

        After a request to stop the wait is at most `FINAL_FLUSH_SECONDS`.
        """
        stop_requested_at: float | None = None
        while not self._sink.flush():
            if self._stop_requested.is_set():
                stop_requested_at = stop_requested_at or time.monotonic()
                if time.monotonic() - stop_requested_at > FINAL_FLUSH_SECONDS:
                    return
            time.sleep(PERIOD_SECONDS)

    def finish(self) -> None:
        """End the thread and wait for it."""
        self._finished.set()
        self.join()
