"""Sweeps: submission, states, counts, deletion."""

import threading
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from service.lifecycle import ENDED, IllegalTransitionError, SweepState
from service.store import Database, StoreError, events, leases, records, sweeps, trials
from service.store.errors import (
    IdempotencyConflictError,
    SweepNotEndedError,
    SweepNotFoundError,
    UnfinishedTrialsError,
)
from service.store.models import Configuration, Trial
from tests.store.builders import (
    add_sweep,
    claimed_sweep,
    end,
    planned,
    record,
    start,
)
from workers.contract import Outcome, TrialEnd


def test_a_new_sweep_is_queued_as_it_was_sent(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session, name="relu", priority=3).id

    with database.read() as session:
        sweep = sweeps.get(session, sweep_id)
    assert (sweep.name, sweep.priority, sweep.state) == ("relu", 3, SweepState.QUEUED)
    assert sweep.spec_text == '{"version": 1}'
    assert sweep.tags == {"paper": "rwi"}
    assert (sweep.lease_owner, sweep.started_at, sweep.ended_at) == (None, None, None)


def test_a_repeated_idempotency_key_makes_one_sweep(database: Database) -> None:
    with database.write() as session:
        first = add_sweep(session, idempotency_key="key").id
    with database.write() as session:
        second = add_sweep(session, idempotency_key="key").id

    assert first == second
    with database.read() as session:
        assert len(sweeps.page(session, limit=10).items) == 1


def test_sweeps_without_a_key_are_never_the_same(database: Database) -> None:
    with database.write() as session:
        assert add_sweep(session).id != add_sweep(session).id


def test_a_key_that_comes_back_with_another_spec_is_a_conflict(database: Database) -> None:
    with database.write() as session:
        first = add_sweep(session, idempotency_key="key").id

    with pytest.raises(IdempotencyConflictError) as raised, database.write() as session:
        add_sweep(session, idempotency_key="key", spec_hash="1" * 64)
    assert raised.value.sweep_id == first


def test_one_key_sent_by_many_at_the_same_time_makes_one_sweep(database: Database) -> None:
    made: list[UUID] = []
    barrier = threading.Barrier(4)

    def submit() -> None:
        barrier.wait()
        with database.write() as session:
            sweep_id = add_sweep(session, idempotency_key="key").id
        made.append(sweep_id)

    _run_all([threading.Thread(target=submit) for _ in range(4)])

    assert len(made) == 4
    assert len(set(made)) == 1


def test_a_sweep_that_is_not_there_is_named(database: Database) -> None:
    missing = uuid4()

    with database.read() as reader, pytest.raises(SweepNotFoundError, match=str(missing)):
        sweeps.get(reader, missing)
    with database.write() as session, pytest.raises(SweepNotFoundError):
        sweeps.move(session, missing, SweepState.PAUSED)


def test_a_move_that_the_table_does_not_hold_is_refused(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id

    with database.write() as session, pytest.raises(IllegalTransitionError):
        sweeps.move(session, sweep_id, SweepState.COMPLETED)

    with database.read() as session:
        assert sweeps.get(session, sweep_id).state is SweepState.QUEUED


def test_a_caller_can_allow_fewer_moves_than_the_table(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id

    with database.write() as session, pytest.raises(IllegalTransitionError):
        sweeps.move(
            session, sweep_id, SweepState.PAUSED, allowed_from=frozenset({SweepState.RUNNING})
        )


def test_of_two_movers_at_the_same_time_one_wins(database: Database) -> None:
    for _ in range(5):
        with database.write() as session:
            sweep_id = add_sweep(session).id
        outcomes: list[str] = []
        barrier = threading.Barrier(2)

        def move(
            to: SweepState,
            sweep_id: UUID = sweep_id,
            barrier: threading.Barrier = barrier,
            outcomes: list[str] = outcomes,
        ) -> None:
            barrier.wait()
            try:
                with database.write() as session:
                    sweeps.move(session, sweep_id, to, allowed_from=frozenset({SweepState.QUEUED}))
            except IllegalTransitionError:
                outcomes.append("lost")
            else:
                outcomes.append(to)

        movers = [
            threading.Thread(target=move, args=(to,))
            for to in (SweepState.PAUSED, SweepState.CANCELLED)
        ]
        _run_all(movers)

        winner, loser = sorted(outcomes, key=lambda outcome: outcome == "lost")
        assert loser == "lost"
        with database.read() as reader:
            assert sweeps.get(reader, sweep_id).state == winner


@pytest.mark.parametrize("ended", sorted(ENDED))
def test_a_sweep_does_not_end_while_a_trial_has_no_outcome(
    database: Database, ended: SweepState
) -> None:
    claim, _ = claimed_sweep(database)
    with database.write() as session:
        if ended is SweepState.CANCELLED:
            sweeps.move(session, claim.sweep_id, SweepState.CANCELLING)

    with pytest.raises(UnfinishedTrialsError), database.write() as session:
        sweeps.move(session, claim.sweep_id, ended)

    with database.write() as session:
        trials.end_unfinished(session, claim.sweep_id, Outcome.CANCELLED)
        sweep = sweeps.move(session, claim.sweep_id, ended)
    assert sweep.state is ended
    assert sweep.ended_at is not None


def test_an_end_keeps_its_message_until_the_sweep_is_queued_again(database: Database) -> None:
    claim, _ = claimed_sweep(database, 0)
    with database.write() as session:
        failed = sweeps.move(session, claim.sweep_id, SweepState.FAILED, message="no such data")
    assert failed.message == "no such data"

    with database.write() as session:
        queued = sweeps.move(session, claim.sweep_id, SweepState.QUEUED)

    assert (queued.message, queued.ended_at) == (None, None)


@pytest.mark.parametrize(
    "path",
    [
        [SweepState.QUEUED],
        [SweepState.PAUSING, SweepState.PAUSED],
        [SweepState.COMPLETED],
        [SweepState.FAILED],
        [SweepState.CANCELLING, SweepState.CANCELLED],
    ],
    ids=lambda path: path[-1],
)
def test_leaving_the_workers_hands_voids_the_claim(
    database: Database, path: list[SweepState]
) -> None:
    claim, _ = claimed_sweep(database, 0)
    with database.write() as session:
        for state in path[:-1]:
            sweeps.move(session, claim.sweep_id, state)
            leases.hold(session, claim)
        sweep = sweeps.move(session, claim.sweep_id, path[-1])

        assert (sweep.lease_owner, sweep.lease_expires_at) == (None, None)
        with pytest.raises(StoreError, match="void"):
            leases.hold(session, claim)


def test_counts_say_how_far_each_sweep_is(database: Database) -> None:
    claim, (first, second, third, _) = claimed_sweep(database, 4)
    with database.write() as session:
        unplanned = add_sweep(session).id
        records.write(
            session,
            claim,
            [
                *(start(trial) for trial in (first, second, third)),
                *(record(first, epoch) for epoch in range(11)),
                *(record(second, epoch) for epoch in range(3)),
                record(third, 0),
                end(first),
                TrialEnd(
                    trial_id=second, outcome=Outcome.DIVERGED, diverged_epoch=3, diverged_step=50
                ),
            ],
        )

    with database.read() as session:
        counts = sweeps.counts(session, [claim.sweep_id, unplanned])

    of_sweep = counts[claim.sweep_id]
    assert (of_sweep.pending, of_sweep.running, of_sweep.done) == (1, 1, 2)
    assert of_sweep.outcomes[Outcome.COMPLETED] == of_sweep.outcomes[Outcome.DIVERGED] == 1
    assert of_sweep.outcomes[Outcome.FAILED] == 0
    assert of_sweep.epochs_done == 11 + 3 + 1
    assert of_sweep.epochs_total == 11 + 3 + 11 + 11
    assert (counts[unplanned].pending, counts[unplanned].epochs_total) == (0, 0)


def test_an_ended_sweep_has_done_all_its_epochs(database: Database) -> None:
    claim, (first, _) = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, [record(first, epoch) for epoch in range(4)])
        trials.end_unfinished(session, claim.sweep_id, Outcome.STOPPED)

    with database.read() as session:
        counts = sweeps.counts(session, [claim.sweep_id])[claim.sweep_id]
    assert counts.epochs_done == counts.epochs_total == 4


def test_only_an_ended_sweep_is_deleted_and_with_all_it_has(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, [record(trial_id, 0)])
        events.append(session, claim.sweep_id, "started", trial_id)
    with pytest.raises(SweepNotEndedError), database.write() as session:
        sweeps.delete_ended(session, claim.sweep_id)

    with database.write() as session:
        trials.end_unfinished(session, claim.sweep_id, Outcome.FAILED)
        sweeps.move(session, claim.sweep_id, SweepState.FAILED)
        sweeps.delete_ended(session, claim.sweep_id)

    with database.read() as session:
        assert sweeps.page(session, limit=1).items == []
        assert session.scalar(select(func.count()).select_from(Trial)) == 0
        assert session.scalar(select(func.count()).select_from(Configuration)) == 0


def test_an_extension_takes_an_ended_sweep_back_to_the_queue(database: Database) -> None:
    claim, ids = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, [end(trial_id) for trial_id in ids])
        sweeps.move(session, claim.sweep_id, SweepState.COMPLETED)

    with database.write() as session:
        trials.insert_plan(session, claim.sweep_id, planned(claim.sweep_id, 3))
        sweep = sweeps.move(session, claim.sweep_id, SweepState.QUEUED)

    assert (sweep.n_trials, sweep.ended_at) == (3, None)
    with database.read() as session:
        assert [spec.seed for spec in trials.unfinished(session, sweep.id)] == [2]


def _run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
