"""The supervisor: claims, watches children, gives up on those that keep dying."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from service.driver.conclusion import ExitReason, conclude
from service.driver.supervisor import STALLED_LAUNCHES, Supervisor
from service.lifecycle import SweepState
from service.store import Database, records, sweeps, trials
from service.store.leases import Claim
from tests.driver.queue import state, submit
from tests.factories import epoch_record
from workers.contract import Outcome


class Children:
    """Starts harmless processes in place of children, and remembers for whom."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.claims: list[Claim] = []
        self.processes: list[subprocess.Popen[bytes]] = []

    def launch(self, claim: Claim) -> subprocess.Popen[bytes]:
        self.claims.append(claim)
        self.processes.append(subprocess.Popen([sys.executable, "-c", self.code]))
        return self.processes[-1]


def supervisor(database: Database, children: Children, **changes: object) -> Supervisor:
    values = {"owner": "test", "lease_seconds": 30.0, "max_running_sweeps": 1} | changes
    return Supervisor(database=database, launch=children.launch, **values)  # type: ignore[arg-type]


def tick_until_reaped(subject: Supervisor, children: Children) -> None:
    children.processes[-1].wait(30)
    subject.tick()


def test_it_runs_the_oldest_sweeps_up_to_its_limit(database: Database) -> None:
    first, second, third = (submit(database) for _ in range(3))
    children = Children("import time; time.sleep(60)")
    subject = supervisor(database, children, max_running_sweeps=2)

    subject.tick()
    subject.tick()

    assert [claim.sweep_id for claim in children.claims] == [first.id, second.id]
    assert state(database, third).state is SweepState.QUEUED
    for process in children.processes:
        process.kill()
        process.wait()


def test_a_child_that_keeps_dying_without_progress_fails_its_sweep(database: Database) -> None:
    sweep = submit(database)
    children = Children("raise SystemExit(1)")
    subject = supervisor(database, children)

    subject.tick()
    for _ in range(STALLED_LAUNCHES):
        tick_until_reaped(subject, children)

    ended = state(database, sweep)
    assert len(children.claims) == STALLED_LAUNCHES
    assert [claim.fence for claim in children.claims] == [1, 2, 3]
    assert ended.state is SweepState.FAILED
    assert ended.message is not None
    assert "died 3 times" in ended.message
    with database.read() as session:
        counts = sweeps.counts(session, [sweep.id])[sweep.id]
    assert counts.outcomes[Outcome.CANCELLED] == 2
    assert counts.pending == counts.running == 0


def test_a_child_that_gets_somewhere_is_launched_again_however_often(database: Database) -> None:
    sweep = submit(database)
    children = Children("raise SystemExit(1)")
    subject = supervisor(database, children)
    with database.read() as session:
        trial = trials.unfinished(session, sweep.id)[0].trial_id

    subject.tick()
    for epoch in range(2 * STALLED_LAUNCHES):
        with database.write() as session:
            records.write(session, children.claims[-1], [epoch_record(trial, epoch)])
        tick_until_reaped(subject, children)

    assert state(database, sweep).state is SweepState.RUNNING
    assert len(children.claims) == 2 * STALLED_LAUNCHES + 1
    children.processes[-1].wait(30)


def test_a_request_left_by_a_dead_driver_is_honoured_without_a_child(database: Database) -> None:
    sweep = submit(database)
    children = Children("raise SystemExit(1)")
    subject = supervisor(database, children)
    subject.tick()
    with database.write() as session:
        sweeps.move(session, sweep.id, SweepState.CANCELLING)

    tick_until_reaped(subject, children)

    assert state(database, sweep).state is SweepState.CANCELLED
    assert len(children.claims) == 1


def test_a_sweep_taken_over_by_another_driver_loses_its_child(database: Database) -> None:
    submit(database)
    children = Children("import time; time.sleep(60)")
    # A lease of no length lapses at once and is due for renewal at every tick.
    subject = supervisor(database, children, lease_seconds=0.0)
    subject.tick()
    other = supervisor(database, Children("pass"), owner="other")
    time.sleep(0.01)
    other.tick()

    subject.tick()

    assert children.processes[0].poll() is not None
    assert not subject.running
    assert list(other.running) == [children.claims[0].sweep_id]
    for run in other.running.values():
        run.process.wait(30)


@contextmanager
def serving(subject: Supervisor, children: Children) -> Iterator[None]:
    """Serve in a thread, from the first child's launch to the end of the block."""
    stop = threading.Event()
    thread = threading.Thread(target=subject.serve, args=(stop,))
    thread.start()
    deadline = time.monotonic() + 30
    while not children.claims and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def test_stopping_gives_unfinished_sweeps_back_at_once(database: Database) -> None:
    sweep = submit(database)
    # Dies of SIGTERM without a word, as a child does that is not up yet.
    children = Children("import time; time.sleep(60)")

    with serving(supervisor(database, children), children):
        pass

    given_back = state(database, sweep)
    assert given_back.state is SweepState.QUEUED
    assert given_back.lease_owner is None


def test_stopping_says_nothing_of_a_run_that_has_ended(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    sweep = submit(database)
    children = Children("import time; time.sleep(60)")

    with serving(supervisor(database, children), children):
        conclude(database, children.claims[0], ExitReason.FAILED)

    assert state(database, sweep).state is SweepState.FAILED
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
