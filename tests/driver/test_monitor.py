"""The monitor of a child: writes queued reports, and finds the reason to stop."""

import threading
from collections.abc import Callable, Sequence

import pytest

from service.driver.conclusion import ExitReason
from service.driver.monitor import Monitor
from service.driver.sink import Sink
from service.lifecycle import SweepState
from service.spec.grammar.controls import Limits
from service.store import Database, leases, records, sweeps, trials
from service.store.leases import Claim
from tests.driver.queue import submit
from tests.factories import epoch_record
from workers.contract import Outcome, Report, TrialEnd

PATIENT = Limits(max_failures=1)


class Run:
    """A claimed sweep with a monitor; counts the calls that wind its workers down."""

    def __init__(self, database: Database, limits: Limits = PATIENT) -> None:
        self.database = database
        self.sweep = submit(database)
        with database.write() as session:
            claim = leases.claim(session, "test", 30.0)
            self.trials = [s.trial_id for s in trials.unfinished(session, self.sweep.id)]
        assert claim is not None
        self.claim: Claim = claim
        self.told = 0
        self.stop = threading.Event()
        self.sink = Sink(self._write)
        self.monitor = Monitor(database, claim, self.sink, self._wind_down, self.stop, limits)

    def _write(self, batch: Sequence[Report]) -> None:
        with self.database.write() as session:
            records.write(session, self.claim, batch)

    def _wind_down(self) -> None:
        self.told += 1


def ask(state: SweepState) -> Callable[[Run], None]:
    def move(run: Run) -> None:
        with run.database.write() as session:
            sweeps.move(session, run.sweep.id, state)

    return move


def fail_both(run: Run) -> None:
    run.sink.receive(
        [TrialEnd(trial_id=trial, outcome=Outcome.FAILED, message="no") for trial in run.trials]
    )


def terminate(run: Run) -> None:
    run.stop.set()


@pytest.mark.parametrize(
    ("happens", "ending"),
    [
        (ask(SweepState.PAUSING), ExitReason.PAUSED),
        (ask(SweepState.CANCELLING), ExitReason.CANCELLED),
        (fail_both, ExitReason.FAILED),
        (terminate, ExitReason.GIVEN_BACK),
    ],
)
def test_it_tells_the_workers_once_to_wind_down(
    database: Database, happens: Callable[[Run], None], ending: ExitReason
) -> None:
    run = Run(database)
    run.monitor.tick()
    assert run.monitor.exit_reason is None

    happens(run)
    run.monitor.tick()
    run.monitor.tick()

    assert run.monitor.exit_reason is ending
    assert run.told == 1


def test_one_failed_trial_too_many_is_said_in_words(database: Database) -> None:
    run = Run(database)
    fail_both(run)

    run.monitor.tick()

    assert run.monitor.message == "2 trials failed; limits.max_failures is 1"


def test_a_deadline_ends_the_run(database: Database) -> None:
    run = Run(database, Limits(deadline_minutes=1e-9))

    run.monitor.tick()

    assert run.monitor.exit_reason is ExitReason.DEADLINE


def test_draining_writes_everything_that_is_queued(database: Database) -> None:
    run = Run(database)
    run.sink.receive([epoch_record(run.trials[0], epoch) for epoch in range(3)])

    run.monitor.drain()

    with database.read() as session:
        assert sweeps.counts(session, [run.sweep.id])[run.sweep.id].epochs_done == 3
