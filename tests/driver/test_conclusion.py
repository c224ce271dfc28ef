"""How a run ends: every trial with one outcome, the sweep with the state that was asked for."""

import pytest

from service.driver.conclusion import ExitReason, conclude
from service.lifecycle import SweepState
from service.store import Database, FencedOutError, leases, records, sweeps, trials
from service.store.leases import Claim
from tests.driver.queue import state, submit
from tests.factories import epoch_record
from workers.contract import Outcome, TrialEnd


def claimed(database: Database) -> Claim:
    with database.write() as session:
        claim = leases.claim(session, "test", 30.0)
    assert claim is not None
    return claim


def finish(database: Database, claim: Claim, count: int) -> None:
    """Let some trials of the sweep end as completed."""
    with database.read() as session:
        specs = trials.unfinished(session, claim.sweep_id)[:count]
    with database.write() as session:
        for spec in specs:
            end = TrialEnd(trial_id=spec.trial_id, outcome=Outcome.COMPLETED)
            records.write(session, claim, [epoch_record(spec.trial_id, 0), end])


@pytest.mark.parametrize(
    ("ending", "expected", "leftovers"),
    [
        (ExitReason.GIVEN_BACK, SweepState.QUEUED, None),
        (ExitReason.PAUSED, SweepState.PAUSED, None),
        (ExitReason.CANCELLED, SweepState.CANCELLED, Outcome.CANCELLED),
        (ExitReason.DEADLINE, SweepState.COMPLETED, Outcome.STOPPED),
        (ExitReason.FAILED, SweepState.FAILED, Outcome.CANCELLED),
    ],
)
def test_leftovers_get_the_outcome_that_fits_the_ending(
    database: Database, ending: ExitReason, expected: SweepState, leftovers: Outcome | None
) -> None:
    sweep = submit(database)
    claim = claimed(database)
    finish(database, claim, 1)
    asked = {ExitReason.PAUSED: SweepState.PAUSING, ExitReason.CANCELLED: SweepState.CANCELLING}
    if ending in asked:
        with database.write() as session:
            sweeps.move(session, sweep.id, asked[ending])

    assert conclude(database, claim, ending, message="why") is expected

    ended = state(database, sweep)
    assert (ended.state, ended.message, ended.lease_owner) == (expected, "why", None)
    with database.read() as session:
        counts = sweeps.counts(session, [sweep.id])[sweep.id]
    assert counts.outcomes[Outcome.COMPLETED] == 1
    assert counts.pending == (1 if leftovers is None else 0)
    assert leftovers is None or counts.outcomes[leftovers] == 1


def test_a_sweep_whose_trials_all_ended_has_completed_whatever_was_asked(
    database: Database,
) -> None:
    sweep = submit(database)
    claim = claimed(database)
    finish(database, claim, 2)
    with database.write() as session:
        sweeps.move(session, sweep.id, SweepState.CANCELLING)

    conclude(database, claim, ExitReason.CANCELLED)

    assert state(database, sweep).state is SweepState.COMPLETED


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (SweepState.PAUSING, SweepState.PAUSED),
        (SweepState.CANCELLING, SweepState.CANCELLED),
    ],
)
@pytest.mark.parametrize("ending", [ExitReason.GIVEN_BACK, ExitReason.PAUSED])
def test_a_request_that_came_late_is_honoured(
    database: Database, ending: ExitReason, asked: SweepState, expected: SweepState
) -> None:
    sweep = submit(database)
    claim = claimed(database)
    with database.write() as session:
        sweeps.move(session, sweep.id, asked)

    conclude(database, claim, ending)

    assert state(database, sweep).state is expected


def test_a_driver_that_lost_the_sweep_concludes_nothing(database: Database) -> None:
    sweep = submit(database)
    old = claimed(database)
    claimed(database)

    with pytest.raises(FencedOutError):
        conclude(database, old, ExitReason.CANCELLED)

    assert state(database, sweep).state is SweepState.RUNNING


def test_a_void_claim_changes_nothing_of_a_sweep_that_has_ended(database: Database) -> None:
    sweep = submit(database)
    claim = claimed(database)
    finish(database, claim, 2)
    conclude(database, claim, ExitReason.FINISHED)
    before = state(database, sweep)

    with pytest.raises(FencedOutError):
        conclude(database, claim, ExitReason.GIVEN_BACK)

    after = state(database, sweep)
    assert after.state is SweepState.COMPLETED
    assert (after.fence, after.ended_at) == (before.fence, before.ended_at)
