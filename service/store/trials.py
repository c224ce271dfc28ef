"""Trials: plan, find, list, end, retry."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, select, tuple_, update
from sqlalchemy.orm import Session

from service.lifecycle import TrialState
from service.planner import PlannedTrial
from service.store.column_types import database_now
from service.store.database import WriteSession
from service.store.errors import BadPlanError, TrialNotFoundError
from service.store.locks import lock_sweep
from service.store.models import Epoch, LayerProfile, Sweep, Trial, Walk
from service.store.pages import Page
from service.store.trial_rows import row_values, trial_spec
from service.store.trial_states import UNFINISHED
from service.store.upserts import insert_all_new
from workers.contract import Outcome, TrialSpec

__all__ = [
    "TrialCursor",
    "end_unfinished",
    "get",
    "insert_plan",
    "is_planned",
    "page",
    "retry",
    "trial_spec",
    "unfinished",
]

TrialCursor = tuple[UUID, int]
"""Sweep and number of the last trial of a page."""


def insert_plan(session: WriteSession, sweep_id: UUID, planned: Sequence[PlannedTrial]) -> int:
    """Add the trials of a plan that the sweep does not have yet, behind those it has.

    Rows that are there stay as they are, so that planning twice changes nothing and a larger
    plan only adds. The sweep's `n_trials` becomes the number of its rows.

    Returns:
        How many trials are new.

    Raises:
        SweepNotFoundError: There is none.
        BadPlanError: It has a trial twice, or one of another sweep.
    """
    lock_sweep(session, sweep_id)
    numbers = session.execute(select(Trial.id, Trial.number).where(Trial.sweep_id == sweep_id))
    known = dict(numbers.all())
    first = max(known.values(), default=-1) + 1
    new = [trial for trial in planned if trial.spec.trial_id not in known]
    _insert_walks(session, new)
    rows = [row_values(sweep_id, first + offset, trial) for offset, trial in enumerate(new)]
    if len(insert_all_new(session, Trial, [Trial.id], rows)) < len(rows):
        raise BadPlanError(sweep_id)
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(n_trials=len(known) + len(new))
        .execution_options(synchronize_session=False)
    )
    return len(new)


def _insert_walks(session: WriteSession, planned: Sequence[PlannedTrial]) -> None:
    walks = {trial.walk.id: trial.walk for trial in planned if trial.walk is not None}
    # In one order, so that two plans that share walks do not wait for each other.
    rows = [
        {"id": walk.id, "means": walk.means, "deviations": walk.deviations}
        for _, walk in sorted(walks.items())
    ]
    insert_all_new(session, Walk, [Walk.id], rows)


def is_planned(session: Session, sweep_id: UUID) -> bool:
    """Return whether the sweep has trial rows; all of a plan come in one transaction."""
    return bool(session.scalar(select(exists().where(Trial.sweep_id == sweep_id))))


def unfinished(session: Session, sweep_id: UUID) -> list[TrialSpec]:
    """Return the trials of a sweep that have no outcome, in the order of the plan."""
    rows = session.scalars(
        select(Trial)
        .where(Trial.sweep_id == sweep_id, Trial.state.in_(UNFINISHED))
        .order_by(Trial.number)
    )
    return [trial_spec(row) for row in rows]


def get(session: Session, trial_id: UUID) -> Trial:
    """Return a trial.

    Raises:
        TrialNotFoundError: There is none.
    """
    trial = session.get(Trial, trial_id, populate_existing=True)
    if trial is None:
        raise TrialNotFoundError(trial_id)
    return trial


def page(
    session: Session,
    *,
    after: TrialCursor | None = None,
    limit: int,
    where: Sequence[ColumnElement[bool]] = (),
) -> Page[Trial, TrialCursor]:
    """Return some trials, by sweep and then in the order of the plan.

    Args:
        session: The transaction.
        after: Where the previous page ended; None for the first.
        limit: Most trials to return, at least 1.
        where: Conditions on columns of `Trial`, its sweep among them.
    """
    statement = select(Trial).where(*where).order_by(Trial.sweep_id, Trial.number)
    if after is not None:
        statement = statement.where(tuple_(Trial.sweep_id, Trial.number) > after)
    rows = session.scalars(statement.limit(limit + 1)).all()
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items, (items[-1].sweep_id, items[-1].number) if more else None)


def end_unfinished(
    session: WriteSession, sweep_id: UUID, outcome: Outcome, message: str | None = None
) -> int:
    """Give every trial of a sweep that has no outcome this one.

    Args:
        session: The transaction.
        sweep_id: The sweep.
        outcome: Any but diverged, which has an epoch and a step.
        message: Why, for a person.

    Returns:
        How many trials that were.

    Raises:
        SweepNotFoundError: There is none.
    """
    lock_sweep(session, sweep_id)
    ended = session.scalars(
        update(Trial)
        .where(Trial.sweep_id == sweep_id, Trial.state.in_(UNFINISHED))
        .values(state=TrialState.DONE, outcome=outcome, message=message, ended_at=database_now())
        .returning(Trial.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def retry(session: WriteSession, sweep_id: UUID, outcomes: Collection[Outcome]) -> int:
    """Make the done trials of some outcomes pending again, as if they had never run.

    The epochs and layer profiles of the old attempt go. A late writer of that attempt cannot
    bring them back if the sweep is queued in the same transaction, which moves its fence on.

    Returns:
        How many trials that were.

    Raises:
        SweepNotFoundError: There is none.
    """
    lock_sweep(session, sweep_id)
    chosen = (Trial.sweep_id == sweep_id, Trial.outcome.in_(outcomes))
    for table in (Epoch, LayerProfile):
        session.execute(
            delete(table)
            .where(table.trial_id.in_(select(Trial.id).where(*chosen)))
            .execution_options(synchronize_session=False)
        )
    retried = session.scalars(
        update(Trial)
        .where(*chosen)
        .values(attempt=Trial.attempt + 1, state=TrialState.PENDING, seconds=0.0, **_NOTHING_YET)
        .returning(Trial.id)
        .execution_options(synchronize_session=False)
    )
    return len(retried.all())


# What a trial has no value for before it runs.
_NOTHING_YET = dict.fromkeys(
    (
        "outcome",
        "epochs_done",
        "final_train_loss",
        "final_train_error",
        "final_eval_loss",
        "final_eval_error",
        "best_train_loss",
        "best_train_error",
        "best_eval_loss",
        "best_eval_error",
        "z_init",
        "diverged_epoch",
        "diverged_step",
        "message",
        "host",
        "device",
        "versions",
        "started_at",
        "ended_at",
    )
)
