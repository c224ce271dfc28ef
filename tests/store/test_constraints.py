"""What the database itself refuses, whatever code writes to it."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

from service.store import Database, WriteSession, records, sweeps, trials
from service.store.models import Epoch
from tests.store.builders import add_sweep, claimed_sweep, planned, record

NON_FINITE = [float("nan"), float("inf"), float("-inf")]


def _set(session: WriteSession, table: str, assignment: str, **values: Any) -> None:
    """Update every row in plain SQL, past all the types of the models."""
    session.execute(text(f"UPDATE {table} SET {assignment}"), values)


def _trial(session: WriteSession) -> UUID:
    sweep_id = add_sweep(session).id
    plan = planned(sweep_id, 1)
    trials.insert_plan(session, sweep_id, plan)
    return plan[0].trials[0].id


@pytest.mark.parametrize("value", NON_FINITE)
@pytest.mark.parametrize("column", ["train_loss", "eval_loss", "seconds"])
def test_an_epoch_with_a_number_that_is_not_finite_is_refused(
    database: Database, column: str, value: float
) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, [record(trial_id, 0)])

    # NaN reaches SQLite as NULL, and is refused as that.
    with pytest.raises(IntegrityError), database.write() as session:
        _set(session, "epochs", f"{column} = :value", value=value)


@pytest.mark.parametrize("value", NON_FINITE)
def test_a_nullable_number_that_is_not_finite_is_refused_by_its_type(
    database: Database, value: float
) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, [record(trial_id, 0)])

    with database.write() as session, pytest.raises(StatementError, match="not a finite number"):
        session.execute(Epoch.__table__.update(), {"running_loss": value})  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "assignment",
    [
        "depth = 0",
        "width = 0",
        "epochs = -1",
        "batch_size = 0",
        "number = -1",
        "attempt = 0",
        "activation = 'sinus'",
        "state = 'sleeping'",
        "g = 9e999",
        "state = 'done'",
        "outcome = 'completed'",
        "ended_at = '2026-01-01 00:00:00.000000'",
        "diverged_epoch = 1",
        "diverged_epoch = 1, diverged_step = 1",
        "g_mode = 'relative'",
        "epochs_done = 0",
        "final_train_loss = 1, final_eval_loss = 1",
        "epochs_done = 11, final_train_loss = 1, final_eval_loss = 1",
        "epochs_done = 1, final_train_loss = 1, final_eval_loss = 1, best_train_loss = 2",
        "best_train_error = 1.5",
    ],
)
def test_a_trial_that_makes_no_sense_is_refused(database: Database, assignment: str) -> None:
    with database.write() as session:
        _trial(session)

    # SQLite reads 9e999 as infinity, PostgreSQL takes it for out of range.
    with pytest.raises(StatementError), database.write() as session:
        _set(session, "trials", assignment)


@pytest.mark.parametrize(
    "assignment",
    [
        "outcome = 'diverged'",
        "outcome = 'diverged', diverged_epoch = 1",
        "outcome = 'diverged', diverged_epoch = -1, diverged_step = 0",
        "outcome = 'completed', diverged_epoch = 1, diverged_step = 1",
        "outcome = NULL",
        "ended_at = NULL",
    ],
)
def test_an_outcome_that_makes_no_sense_is_refused(database: Database, assignment: str) -> None:
    done = "state = 'done', outcome = 'completed', ended_at = '2026-01-01 00:00:00.000000'"
    with database.write() as session:
        _trial(session)
        _set(session, "trials", done)

    with pytest.raises(IntegrityError), database.write() as session:
        _set(session, "trials", assignment)


@pytest.mark.parametrize(
    "assignment",
    [
        "state = 'asleep'",
        "spec_media = 'toml'",
        "n_trials = -1",
        "fence = -1",
        "lease_owner = 'driver'",
        "state = 'running', lease_owner = 'driver'",
        "lease_owner = 'driver', lease_expires_at = '2026-01-01 00:00:00.000000'",
        "state = 'completed'",
        "ended_at = '2026-01-01 00:00:00.000000'",
        "spec_hash = 'short'",
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(database: Database, assignment: str) -> None:
    with database.write() as session:
        add_sweep(session)

    with pytest.raises(IntegrityError), database.write() as session:
        _set(session, "sweeps", assignment)


@pytest.mark.parametrize(
    "assignment",
    [
        "train_error = 1.1",
        "eval_error = -0.1",
        "train_error = NULL",
        "epoch = -1",
        "step = -1",
        "attempt = 0",
        "trial_id = '00000000000000000000000000000000'",
    ],
)
def test_an_epoch_that_makes_no_sense_is_refused(database: Database, assignment: str) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, [record(trial_id, 0)])

    with pytest.raises(IntegrityError), database.write() as session:
        _set(session, "epochs", assignment)


def test_deleting_a_sweep_deletes_all_that_hangs_on_it(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, [record(trial_id, 0)])

    with database.write() as session:
        session.execute(text("DELETE FROM sweeps"))

    with database.read() as session:
        left = {
            table: session.scalar(text(f"SELECT count(*) FROM {table}"))
            for table in ("sweeps", "trials", "epochs", "events")
        }
        assert sweeps.page(session, limit=1).items == []
    assert set(left.values()) == {0}
