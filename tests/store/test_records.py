"""The way of results into the rows."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from service.lifecycle import SweepState, TrialState
from service.store import Database, FencedOutError, epochs, events, records, sweeps, trials
from service.store.errors import UnknownTrialError
from service.store.leases import Claim
from service.store.models import Epoch, Trial
from service.store.stopping import EVENT_KIND
from tests.store.builders import claimed_sweep, end, record, start
from workers.contract import (
    EpochRecord,
    Outcome,
    Report,
    StoppingDecision,
    StoppingKind,
    StoppingMetric,
    TrialEnd,
)


def _write(database: Database, claim: Claim, *reports: Report) -> None:
    with database.write() as session:
        records.write(session, claim, reports)


def _told(epoch: Epoch) -> EpochRecord:
    """Return the record that a row was made from."""
    return EpochRecord(
        trial_id=epoch.trial_id,
        epoch=epoch.epoch,
        step=epoch.step,
        train_loss=epoch.train_loss,
        train_error=epoch.train_error,
        eval_loss=epoch.eval_loss,
        eval_error=epoch.eval_error,
        running_loss=epoch.running_loss,
        lr=epoch.lr,
        log_grad_norm_first=epoch.log_grad_norm_first,
        log_grad_norm_last=epoch.log_grad_norm_last,
        seconds=epoch.seconds,
    )


def test_records_come_back_as_they_were_told(database: Database) -> None:
    claim, (trial_id, other) = claimed_sweep(database)
    told = [record(trial_id, epoch) for epoch in range(3)]

    _write(database, claim, *reversed(told), record(other, 0))

    with database.read() as session:
        curve = epochs.curve(session, trial_id)
    assert [_told(epoch) for epoch in curve] == told
    assert {epoch.attempt for epoch in curve} == {1}


def test_an_autoencoders_record_has_no_errors(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    told = replace(record(trial_id, 0), train_error=None, eval_error=None)

    _write(database, claim, told)

    with database.read() as session:
        trial = trials.get(session, trial_id)
        assert [_told(epoch) for epoch in epochs.curve(session, trial_id)] == [told]
    assert trial.final_train_error is trial.best_eval_error is None
    assert trial.best_train_loss == told.train_loss


def test_a_start_says_where_a_trial_runs(database: Database) -> None:
    claim, (trial_id, other) = claimed_sweep(database)

    _write(database, claim, start(trial_id, host="lost"), start(trial_id, host="node-2"))

    with database.read() as session:
        trial = trials.get(session, trial_id)
        assert trials.get(session, other).state is TrialState.PENDING
    assert (trial.state, trial.host) == (TrialState.RUNNING, "node-2")
    assert (trial.device, trial.versions) == ("cpu", "python 3.11")
    assert trial.started_at is not None


def test_a_second_start_keeps_the_time_of_the_first(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    _write(database, claim, start(trial_id))
    with database.read() as session:
        first = trials.get(session, trial_id).started_at

    _write(database, claim, start(trial_id, host="node-2"))

    with database.read() as session:
        trial = trials.get(session, trial_id)
    assert (trial.started_at, trial.host) == (first, "node-2")


def test_final_is_of_the_last_epoch_and_best_of_any(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    losses = [3.0, 0.5, 2.0]

    for epoch, loss in enumerate(losses):
        _write(database, claim, record(trial_id, epoch, train_loss=loss))

    with database.read() as session:
        trial = trials.get(session, trial_id)
    assert trial.epochs_done == 2
    assert (trial.final_train_loss, trial.final_eval_loss) == (2.0, 3.0)
    assert (trial.best_train_loss, trial.best_eval_loss) == (0.5, 0.75)
    assert (trial.final_train_error, trial.best_train_error) == (0.5 / 3, 0.5 / 3)
    assert trial.seconds == 0.75


def test_an_epoch_that_comes_late_does_not_become_the_final_one(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    _write(database, claim, record(trial_id, 0), record(trial_id, 3))

    _write(database, claim, record(trial_id, 2), record(trial_id, 1))

    with database.read() as session:
        trial = trials.get(session, trial_id)
    assert (trial.epochs_done, trial.final_train_loss, trial.final_train_error) == (3, 0.25, 0.125)


def test_an_end_gives_a_trial_its_outcome(database: Database) -> None:
    claim, (diverged, failed) = claimed_sweep(database)

    _write(
        database,
        claim,
        TrialEnd(trial_id=diverged, outcome=Outcome.DIVERGED, diverged_epoch=2, diverged_step=7),
        TrialEnd(trial_id=failed, outcome=Outcome.FAILED, message="out of memory"),
    )

    with database.read() as session:
        first, second = trials.get(session, diverged), trials.get(session, failed)
    assert (first.state, first.outcome) == (TrialState.DONE, Outcome.DIVERGED)
    assert (first.diverged_epoch, first.diverged_step, first.message) == (2, 7, None)
    assert (second.outcome, second.message) == (Outcome.FAILED, "out of memory")
    assert first.ended_at is not None


def test_a_done_trial_takes_nothing_more(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    _write(database, claim, record(trial_id, 0), end(trial_id), end(trial_id, Outcome.STOPPED))
    before = _rows(database, claim)

    _write(
        database,
        claim,
        start(trial_id, host="zombie"),
        record(trial_id, 1),
        TrialEnd(trial_id=trial_id, outcome=Outcome.FAILED, message="late"),
    )

    assert _rows(database, claim) == before
    assert before[0]["outcome"] is Outcome.COMPLETED
    with database.read() as session:
        assert [epoch.epoch for epoch in epochs.curve(session, trial_id)] == [0]


def test_the_first_record_of_an_epoch_stays_and_counts(database: Database) -> None:
    """Elsewhere a re-run may round differently; the summaries must follow the stored rows."""
    claim, (trial_id, _) = claimed_sweep(database)
    first, second = (record(trial_id, 0, train_loss=loss) for loss in (2.0, 0.5))
    _write(database, claim, first, second)

    _write(
        database, claim, record(trial_id, 0, train_loss=1.0), record(trial_id, 1, train_loss=3.0)
    )

    with database.read() as session:
        trial = trials.get(session, trial_id)
        curve = epochs.curve(session, trial_id)
    assert [epoch.train_loss for epoch in curve] == [2.0, 3.0]
    assert (trial.best_train_loss, trial.final_train_loss) == (2.0, 3.0)
    assert trial.seconds == 0.5


def test_an_empty_batch_still_needs_the_claim(database: Database) -> None:
    claim, _ = claimed_sweep(database)

    _write(database, claim)
    with database.write() as session:
        sweeps.move(session, claim.sweep_id, SweepState.QUEUED)

    with pytest.raises(FencedOutError):
        _write(database, claim)


def test_a_trial_of_another_sweep_refuses_the_batch_whole(database: Database) -> None:
    _, (foreign, _) = claimed_sweep(database, owner="other")
    claim, (trial_id, _) = claimed_sweep(database)

    with pytest.raises(UnknownTrialError) as raised:
        _write(database, claim, record(trial_id, 0), record(foreign, 0))

    assert raised.value.trial_id == foreign
    with database.read() as session:
        assert epochs.curve(session, trial_id) == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("field", ["train_loss", "running_loss", "log_grad_norm_last"])
def test_a_number_that_is_not_finite_refuses_the_batch_whole(
    database: Database, field: str, value: float
) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    broken = replace(record(trial_id, 1), **{field: value})  # type: ignore[arg-type] # by name

    with pytest.raises(StatementError, match="not a finite number"):
        _write(database, claim, record(trial_id, 0), broken)

    with database.read() as session:
        assert epochs.curve(session, trial_id) == []


def test_a_divergence_without_its_epoch_refuses_the_batch(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)

    with pytest.raises(IntegrityError):
        _write(database, claim, end(trial_id, Outcome.DIVERGED))


def test_a_batch_may_be_larger_than_a_statement(database: Database) -> None:
    claim, ids = claimed_sweep(database, 3)
    with database.write() as session:
        # More epochs than the plan says are refused; this is about numbers only.
        for trial_id in ids:
            trials.get(session, trial_id).planned_epochs = 1000

    _write(database, claim, *(record(trial_id, n) for trial_id in ids for n in range(1001)))

    with database.read() as session:
        assert [trials.get(session, trial_id).epochs_done for trial_id in ids] == [1000] * 3
        assert len(epochs.curve(session, ids[0])) == 1001


# Two trials: one ends by itself, one diverges; each end comes after its trial's epochs.
N_EPOCHS = 4


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(data=st.data())
def test_batches_in_any_order_and_number_converge_to_the_same_rows(
    database: Database, data: st.DataObject
) -> None:
    claim, ids = claimed_sweep(database)
    losses = [5.0, 0.25, 3.0, 1.0]
    opening = [start(trial_id) for trial_id in ids]
    middle = [
        record(trial_id, epoch, train_loss=losses[epoch])
        for trial_id in ids
        for epoch in range(N_EPOCHS)
    ]
    ends = [
        end(ids[0]),
        TrialEnd(trial_id=ids[1], outcome=Outcome.DIVERGED, diverged_epoch=4, diverged_step=60),
    ]

    # Every report at least once, some again, epochs in any order, late copies after the ends.
    shuffled = data.draw(st.permutations(middle))
    again = data.draw(st.lists(st.sampled_from(opening + middle)))
    late = data.draw(st.lists(st.sampled_from(opening + middle + ends)))
    reports: list[Report] = [*opening, *shuffled, *again, *ends, *late]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(reports)), max_size=5)))
    for first, last in zip([0, *cuts], [*cuts, len(reports)], strict=True):
        _write(database, claim, *reports[first:last])

    rows = _rows(database, claim)
    with database.read() as session:
        curves = [epochs.curve(session, trial_id) for trial_id in ids]
    assert [[_told(epoch) for epoch in curve] for curve in curves] == [
        middle[:N_EPOCHS],
        middle[N_EPOCHS:],
    ]
    assert [row["outcome"] for row in rows] == [Outcome.COMPLETED, Outcome.DIVERGED]
    for row in rows:
        assert (row["epochs_done"], row["final_train_loss"]) == (3, 1.0)
        assert (row["best_train_loss"], row["best_eval_loss"]) == (0.25, 0.375)
        assert row["seconds"] == N_EPOCHS * 0.25
        assert row["host"] == "node-1"


def test_a_batch_sent_again_changes_nothing(database: Database) -> None:
    claim, (first, second) = claimed_sweep(database)
    batch: Sequence[Report] = [
        start(first),
        start(second),
        *(record(first, epoch) for epoch in range(5)),
        record(second, 0),
        end(first),
    ]
    _write(database, claim, *batch)
    before = _rows(database, claim)

    _write(database, claim, *batch)

    assert _rows(database, claim) == before


def _rows(database: Database, claim: Claim) -> list[dict[str, object]]:
    """Return every column of the sweep's trials."""
    with database.read() as session:
        statement = select(Trial).where(Trial.sweep_id == claim.sweep_id).order_by(Trial.number)
        rows = session.scalars(statement).all()
    return [
        {column.key: getattr(row, column.key) for column in Trial.__table__.columns} for row in rows
    ]


def test_a_decision_is_one_event_however_often_it_is_told(database: Database) -> None:
    claim, (trial_id, other) = claimed_sweep(database)

    def decision(trial: UUID, epoch: int, *, kept: bool) -> StoppingDecision:
        return StoppingDecision(
            trial_id=trial,
            epoch=epoch,
            rule=StoppingKind.ASHA,
            metric=StoppingMetric.EVAL_LOSS,
            value=2.5,
            cutoff=1.5,
            kept=kept,
            group="network.depth 8",
            n_others=3,
        )

    stop = decision(trial_id, 3, kept=False)
    end = TrialEnd(trial_id=trial_id, outcome=Outcome.STOPPED, message=stop.words())
    first: list[Report] = [
        record(trial_id, 1),
        decision(trial_id, 1, kept=True),
        decision(other, 1, kept=True),
    ]

    _write(database, claim, *first)
    _write(database, claim, *first, record(trial_id, 3), stop, stop, end)
    _write(database, claim, *first, record(trial_id, 3), stop, end)

    with database.read() as session:
        told = [e for e in events.after(session, claim.sweep_id, 0, 100) if e.kind == EVENT_KIND]
        row = trials.get(session, trial_id)
    assert [(e.trial_id, (e.detail or {})["epoch"]) for e in told] == [
        (trial_id, 1),
        (other, 1),
        (trial_id, 3),
    ]
    assert row.outcome is Outcome.STOPPED
    assert row.message == ("asha: eval_loss 2.5 at epoch 3 is above the cutoff 1.5 of 3 others")
