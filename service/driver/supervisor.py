"""The supervisor: claims sweeps from the table, runs each in a child process, keeps the leases.

It sees SQL and processes, no Ray. A child that dies is launched again under a new fencing
number; one that keeps dying without finishing an epoch ends its sweep as failed.
"""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from service.driver.conclusion import REQUESTED, ExitReason, conclude
from service.logs import event
from service.store import Database, FencedOutError, leases, sweeps
from service.store.leases import Claim

log = logging.getLogger("fathom.driver")

POLL_SECONDS = 0.25
# Time a child gets to wind down before it is killed; what it had not written is trained again.
WIND_DOWN_SECONDS = 20.0
# Time a child without a lease gets to exit by itself.
EXIT_SECONDS = 5.0
STALLED_LAUNCHES = 3


@dataclass(slots=True)
class Running:
    """A sweep that a child of this driver runs."""

    claim: Claim
    process: subprocess.Popen[bytes]
    renewed_at: float


@dataclass(slots=True)
class Supervisor:
    """One driver.

    Attributes:
        database: The store.
        owner: This driver's name in leases; a restarted driver of the same name takes its own
            sweeps up at once, so two drivers must never share one.
        lease_seconds: How long a lease lasts without renewal.
        max_running_sweeps: Children at once.
        launch: Starts a child for a claim.
        is_ready: Whether a child would find what it needs; until then no sweep is claimed.
    """

    database: Database
    owner: str
    lease_seconds: float
    max_running_sweeps: int
    launch: Callable[[Claim], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool] = lambda: True
    running: dict[UUID, Running] = field(default_factory=dict)

    def serve(self, stop: threading.Event) -> None:
        """Run sweeps until told to stop; then wind down every child."""
        event(log, logging.INFO, "driver up", owner=self.owner)
        while not stop.wait(POLL_SECONDS):
            try:
                self.tick()
            # The edge of the driver: whatever happens to the database, the loop goes on.
            except Exception as error:
                event(log, logging.ERROR, "tick failed", error=repr(error))
                stop.wait(2.0)
        self._wind_down()
        event(log, logging.INFO, "driver down", owner=self.owner)

    def tick(self) -> None:
        """Look once: reap, renew, claim."""
        for sweep_id in list(self.running):
            self._renew(sweep_id)
            self._reap(sweep_id)
        while self._may_claim() and self._claim():
            pass

    def _may_claim(self) -> bool:
        return len(self.running) < self.max_running_sweeps and self.is_ready()

    def _claim(self) -> bool:
        """Take the next sweep, if there is one; return whether to look for another."""
        with self.database.write() as session:
            claim = leases.claim(
                session, self.owner, self.lease_seconds, exclude=tuple(self.running)
            )
            if claim is None:
                return False
            sweep = sweeps.get(session, claim.sweep_id)
        if sweep.state in REQUESTED:
            # Its driver died while the workers wound down: there is nothing left to run.
            conclude(self.database, claim, REQUESTED[sweep.state])
        elif sweep.stalled_launches > STALLED_LAUNCHES:
            message = f"its process died {STALLED_LAUNCHES} times in a row without progress"
            conclude(self.database, claim, ExitReason.FAILED, message=message)
        else:
            self._launch(claim)
        return True

    def _launch(self, claim: Claim) -> None:
        process = self.launch(claim)
        self.running[claim.sweep_id] = Running(claim, process, time.monotonic())
        fields = {"sweep": claim.sweep_id, "fence": claim.fence, "child": process.pid}
        event(log, logging.INFO, "claimed", **fields)

    def _renew(self, sweep_id: UUID) -> None:
        run = self.running[sweep_id]
        if time.monotonic() - run.renewed_at < self.lease_seconds / 3:
            return
        with self.database.write() as session:
            kept = leases.renew(session, run.claim, self.lease_seconds)
        if kept:
            run.renewed_at = time.monotonic()
            return
        # A child ends its own lease when it concludes, and is about to exit; one that lost it to
        # another driver can write nothing more and exits when it tries.
        try:
            run.process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            event(log, logging.ERROR, "lease lost", sweep=sweep_id)
            run.process.kill()
            run.process.wait()

    def _reap(self, sweep_id: UUID) -> None:
        """Forget a child that ended; if it was lost, the next claim takes its sweep up again."""
        code = self.running[sweep_id].process.poll()
        if code is None:
            return
        if code != 0:
            event(log, logging.ERROR, "child lost", sweep=sweep_id, code=code)
        del self.running[sweep_id]

    def _wind_down(self) -> None:
        for run in self.running.values():
            run.process.terminate()
        deadline = time.monotonic() + WIND_DOWN_SECONDS
        for sweep_id, run in self.running.items():
            try:
                run.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                event(log, logging.ERROR, "child killed", sweep=sweep_id)
                run.process.kill()
                run.process.wait()
            self._give_back(run)

    def _give_back(self, run: Running) -> None:
        """Make the sweep of a child that could not do so itself claimable at once."""
        if run.process.returncode != 0:
            try:
                conclude(self.database, run.claim, ExitReason.GIVEN_BACK)
            except FencedOutError:
                pass  # The child had ended its run before it was ended itself.
            # The edge of the driver: with the database away the lease lapses by itself.
            except Exception as error:
                event(log, logging.ERROR, "not given back", error=repr(error))


def child_command(claim: Claim) -> list[str]:
    """Return the command line of a sweep's child process."""
    return [
        sys.executable,
        "-m",
        "service.driver.child",
        "--sweep",
        str(claim.sweep_id),
        "--fence",
        str(claim.fence),
        "--owner",
        claim.owner,
    ]


def launch_child(claim: Claim) -> subprocess.Popen[bytes]:
    """Start a child in a session of its own, so that Ctrl-C reaches this driver alone."""
    return subprocess.Popen(child_command(claim), start_new_session=True)
