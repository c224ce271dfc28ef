"""Leases and fences: one driver at a time, and no late writers."""

import threading
from uuid import UUID

import pytest
from sqlalchemy import text

from service.lifecycle import SweepState, TrialState
from service.store import Database, FencedOutError, WriteSession, leases, records, sweeps, trials
from service.store.leases import Claim
from tests.store.builders import add_sweep, claimed_sweep, record, start
from workers.contract import Outcome


def _claim(database: Database, owner: str = "driver", seconds: float = 60.0) -> Claim | None:
    with database.write() as session:
        return leases.claim(session, owner, seconds)


def _let_lapse(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE sweeps SET lease_expires_at = '2000-01-01 00:00:00.000000'"))


def test_there_is_nothing_to_claim_in_an_empty_queue(database: Database) -> None:
    assert _claim(database) is None


def test_claiming_starts_a_sweep_and_moves_its_fence(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id

    claim = _claim(database)

    assert claim == Claim(sweep_id=sweep_id, fence=1, owner="driver")
    with database.read() as session:
        sweep = sweeps.get(session, sweep_id)
    assert (sweep.state, sweep.lease_owner, sweep.fence) == (SweepState.RUNNING, "driver", 1)
    assert sweep.started_at is not None
    assert sweep.lease_expires_at is not None
    # Within a second of the minute that was asked for.
    assert 59 < (sweep.lease_expires_at - sweep.started_at).total_seconds() < 61


def test_the_highest_priority_goes_first_and_then_the_oldest(database: Database) -> None:
    with database.write() as session:
        expected = [add_sweep(session, priority=priority).id for priority in (1, 1, 0, 5)]
        for minute, sweep_id in enumerate(expected):
            session.execute(
                text("UPDATE sweeps SET created_at = :at WHERE id = :id"),
                {"at": f"2026-01-01 00:0{minute}:00.000000", "id": _raw(session, sweep_id)},
            )

    claims = [_claim(database, owner=f"driver-{n}") for n in range(5)]

    claimed = [claim.sweep_id if claim else None for claim in claims]
    assert claimed == [expected[3], expected[0], expected[1], expected[2], None]


def _raw(session: WriteSession, sweep_id: UUID) -> UUID | str:
    """Return an id as plain SQL takes it."""
    dialect = session.get_bind().dialect.name
    return sweep_id.hex if dialect == "sqlite" else sweep_id


def test_drivers_that_race_get_one_sweep_each(database: Database) -> None:
    for _ in range(3):
        with database.write() as session:
            wanted = {add_sweep(session).id for _ in range(2)}
        claims: list[Claim | None] = []
        barrier = threading.Barrier(4)

        def race(
            owner: str,
            barrier: threading.Barrier = barrier,
            claims: list[Claim | None] = claims,
        ) -> None:
            barrier.wait()
            claims.append(_claim(database, owner))

        threads = [threading.Thread(target=race, args=(f"driver-{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        won = [claim.sweep_id for claim in claims if claim]
        assert len(claims) == 4
        assert len(won) == len(set(won))
        assert set(won) <= wanted
        # A loser may have found the winner's row locked and gone home; nobody gets a second.
        assert won
        with database.write() as session:
            session.execute(text("DELETE FROM sweeps"))


def test_a_live_lease_is_respected_and_a_lapsed_one_is_not(database: Database) -> None:
    first, _ = claimed_sweep(database, owner="first")
    assert _claim(database, "second") is None

    _let_lapse(database)

    second = _claim(database, "second")
    assert second == Claim(sweep_id=first.sweep_id, fence=first.fence + 1, owner="second")


@pytest.mark.parametrize("state", [SweepState.PAUSING, SweepState.CANCELLING])
def test_a_sweep_that_winds_down_is_taken_over_as_it_is(
    database: Database, state: SweepState
) -> None:
    first, _ = claimed_sweep(database)
    with database.write() as session:
        sweeps.move(session, first.sweep_id, state)
    _let_lapse(database)

    assert _claim(database, "second") is not None

    with database.read() as session:
        assert sweeps.get(session, first.sweep_id).state is state


@pytest.mark.parametrize(
    "state", [SweepState.PAUSED, SweepState.COMPLETED, SweepState.FAILED, SweepState.CANCELLED]
)
def test_a_sweep_without_work_is_not_claimed(database: Database, state: SweepState) -> None:
    claim, _ = claimed_sweep(database, 0)
    with database.write() as session:
        if state in {SweepState.PAUSED, SweepState.CANCELLED}:
            via = {
                SweepState.PAUSED: SweepState.PAUSING,
                SweepState.CANCELLED: SweepState.CANCELLING,
            }
            sweeps.move(session, claim.sweep_id, via[state])
        sweeps.move(session, claim.sweep_id, state)

    assert _claim(database) is None


def test_a_restarted_driver_gets_its_own_sweep_back_at_once(database: Database) -> None:
    first, _ = claimed_sweep(database, owner="driver")

    again = _claim(database, "driver")

    assert again == Claim(sweep_id=first.sweep_id, fence=first.fence + 1, owner="driver")


def test_sweeps_that_the_driver_runs_already_are_passed_over(database: Database) -> None:
    claim, _ = claimed_sweep(database, owner="driver")

    with database.write() as session:
        assert leases.claim(session, "driver", 60.0, exclude=(claim.sweep_id,)) is None


def test_a_claim_makes_the_trials_of_lost_workers_pending(database: Database) -> None:
    claim, ids = claimed_sweep(database, owner="driver")
    with database.write() as session:
        records.write(session, claim, [start(ids[0])])

    _claim(database, "driver")

    with database.read() as session:
        assert trials.get(session, ids[0]).state is TrialState.PENDING


def test_renewing_extends_a_lease_even_a_lapsed_one(database: Database) -> None:
    claim, _ = claimed_sweep(database)
    _let_lapse(database)

    with database.write() as session:
        assert leases.renew(session, claim, 60.0)

    assert _claim(database, "second") is None


def test_renewing_fails_once_another_driver_has_the_sweep(database: Database) -> None:
    claim, _ = claimed_sweep(database, owner="first")
    _let_lapse(database)
    second = _claim(database, "second")
    assert second is not None

    with database.write() as session:
        assert not leases.renew(session, claim, 3600.0)
        assert leases.renew(session, second, 60.0)


def test_a_zombies_batch_is_refused_whole(database: Database) -> None:
    zombie, (trial_id, _) = claimed_sweep(database)
    _let_lapse(database)
    successor = _claim(database, "second")
    assert successor is not None

    with pytest.raises(FencedOutError) as raised, database.write() as session:
        records.write(session, zombie, [start(trial_id), record(trial_id, 0)])

    assert (raised.value.claimed, raised.value.current) == (zombie.fence, successor.fence)
    with database.read() as session:
        trial = trials.get(session, trial_id)
    assert (trial.state, trial.epochs_done) == (TrialState.PENDING, None)


def test_a_claim_on_a_deleted_sweep_is_void(database: Database) -> None:
    claim, _ = claimed_sweep(database)
    with database.write() as session:
        session.execute(text("DELETE FROM sweeps"))

    with database.write() as session:
        with pytest.raises(FencedOutError) as raised:
            leases.hold(session, claim)
        assert not leases.renew(session, claim, 60.0)
    assert raised.value.current is None


def test_a_held_fence_keeps_the_next_claim_waiting(database: Database) -> None:
    """Of a claim and a batch at the same time, one comes first and the other sees it."""
    zombie, (trial_id, _) = claimed_sweep(database)
    _let_lapse(database)
    taken: list[Claim | None] = []

    with database.write() as session:
        leases.hold(session, zombie)
        thread = threading.Thread(target=lambda: taken.append(_claim(database, "second")))
        thread.start()
        records.write(session, zombie, [record(trial_id, 0)])
    thread.join()

    # It waited (SQLite), or left the locked sweep alone (PostgreSQL); now it is free.
    successor = taken[0] or _claim(database, "second")
    assert successor is not None
    assert successor.fence == zombie.fence + 1


def test_a_sweep_that_is_queued_again_can_be_claimed_by_anyone_at_once(database: Database) -> None:
    claim, ids = claimed_sweep(database, owner="first")
    with database.write() as session:
        records.write(session, claim, [start(ids[0])])
        sweeps.move(session, claim.sweep_id, SweepState.QUEUED)

    with database.read() as session:
        assert sweeps.get(session, claim.sweep_id).lease_owner is None
        assert trials.get(session, ids[0]).state is TrialState.PENDING
    with database.write() as session, pytest.raises(FencedOutError):
        records.write(session, claim, [])
    assert _claim(database, "second") is not None


def test_launches_without_progress_are_counted(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database, owner="driver")

    def stalled() -> int:
        with database.read() as session:
            return sweeps.get(session, claim.sweep_id).stalled_launches

    assert stalled() == 1
    again = _claim(database, "driver")
    assert again is not None
    assert stalled() == 2
    with database.write() as session:
        records.write(session, again, [start(trial_id)])
    assert stalled() == 2, "a start is no progress"

    with database.write() as session:
        records.write(session, again, [record(trial_id, 0)])
    assert stalled() == 0

    third = _claim(database, "driver")
    assert third is not None
    with database.write() as session:
        records.write(session, third, [record(trial_id, 0)])
    assert stalled() == 1, "an epoch that was there before is no progress"

    with database.write() as session:
        sweeps.move(session, claim.sweep_id, SweepState.QUEUED)
    assert stalled() == 0


def test_an_ended_sweep_takes_no_more_from_its_last_claim(database: Database) -> None:
    claim, ids = claimed_sweep(database, 1)
    with database.write() as session:
        trials.end_unfinished(session, claim.sweep_id, Outcome.STOPPED)
        sweeps.move(session, claim.sweep_id, SweepState.COMPLETED)

    with pytest.raises(FencedOutError), database.write() as session:
        records.write(session, claim, [record(ids[0], 0)])
