"""The supervisor claims sweeps, runs each in a child process and renews the leases.

It does not import Ray. A child that dies is launched again under a new fencing number. A sweep
whose children die repeatedly without finishing an epoch ends as failed.
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
# Time that a child gets to wind down before it is killed. Epochs that it had not written are
# trained again.
WIND_DOWN_SECONDS = 20.0
# Time that a child without a lease gets to exit by itself.
EXIT_SECONDS = 5.0
# Launches without a new epoch or outcome after which a sweep is given up.
STALLED_LAUNCHES = 3


@dataclass(slots=True)
class Running:
    """A sweep that runs in a child process.

    Attributes:
        claim: The claim under which the child runs.
        process: The child.
        renewed_at: Monotonic time, in seconds, of the lease's last renewal.
    """

    claim: Claim
    process: subprocess.Popen[bytes]
    renewed_at: float


@dataclass(slots=True)
class Supervisor:
    """The main loop of a driver.

    Attributes:
        database: The store.
        owner: This driver's name in leases. A restarted driver of the same name claims its sweeps
            at once, so two running drivers must never share a name.
        lease_seconds: How long a lease lasts without renewal.
        max_running_sweeps: Maximum number of children at once.
        launch: Starts a child for a claim.
        is_ready: Returns whether children can connect to Ray; if not, no sweep is claimed.
        running: Sweeps that have a child, by id.
    """

    database: Database
    owner: str
    lease_seconds: float
    max_running_sweeps: int
    launch: Callable[[Claim], subprocess.Popen[bytes]]
    is_ready: Callable[[], bool] = lambda: True
    running: dict[UUID, Running] = field(default_factory=dict)

    def serve(self, stop: threading.Event) -> None:
        """Run sweeps until ``stop`` is set; then wind down every child."""
        event(log, logging.INFO, "driver up", owner=self.owner)
        while not stop.wait(POLL_SECONDS):
            try:
                self.tick()
            # The edge of the driver: it survives any fault, such as an absent database.
            except Exception as error:
                event(log, logging.ERROR, "tick failed", error=repr(error))
                stop.wait(2.0)
        self._wind_down()
        event(log, logging.INFO, "driver down", owner=self.owner)

    def tick(self) -> None:
        """Renew the leases, remove ended children, and claim sweeps up to the limit."""
        for sweep_id in list(self.running):
            self._renew(sweep_id)
            self._reap(sweep_id)
        while self._may_claim() and self._claim():
            pass

    def _may_claim(self) -> bool:
        return len(self.running) < self.max_running_sweeps and self.is_ready()

    def _claim(self) -> bool:
        """Claim the next sweep; return whether there was one, so that another try is due."""
        with self.database.write() as session:
            claim = leases.claim(
                session, self.owner, self.lease_seconds, exclude=tuple(self.running)
            )
            if claim is None:
                return False
            sweep = sweeps.get(session, claim.sweep_id)
        if sweep.state in REQUESTED:
            # The former driver died while the workers wound down: nothing is left to run.
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
        # Three tries fit into a lease, so that one or two may fail.
        if time.monotonic() - run.renewed_at < self.lease_seconds / 3:
            return
        with self.database.write() as session:
            kept = leases.renew(session, run.claim, self.lease_seconds)
        if kept:
            run.renewed_at = time.monotonic()
            return
        # Either the child has concluded, which ends the lease, and is about to exit. Or another
        # driver has claimed the sweep: then the child can write nothing and exits when it tries.
        try:
            run.process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            event(log, logging.ERROR, "lease lost", sweep=sweep_id)
            run.process.kill()
            run.process.wait()

    def _reap(self, sweep_id: UUID) -> None:
        """Remove a child that has ended; if it failed, the next claim launches its sweep again."""
        code = self.running[sweep_id].process.poll()
        if code is None:
            return
        if code != 0:
            event(log, logging.ERROR, "child lost", sweep=sweep_id, code=code)
        del self.running[sweep_id]

    def _wind_down(self) -> None:
        """Stop all children at once, and kill those that take too long."""
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
        """Queue the sweep of a child that died before it could do so itself."""
        if run.process.returncode != 0:
            try:
                conclude(self.database, run.claim, ExitReason.GIVEN_BACK)
            except FencedOutError:
                pass  # The child concluded before it was killed.
            # The edge of the driver: if the database cannot be reached, the lease lapses by itself.
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
