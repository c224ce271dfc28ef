"""Insert planned trials, and read, end and retry trials."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnDefault,
    delete,
    exists,
    select,
    update,
)
from sqlalchemy.orm import Session

from service.lifecycle import TrialState
from service.planner import PlannedConfiguration
from service.store.column_types import database_now
from service.store.database import WriteSession
from service.store.errors import BadPlanError, TrialNotFoundError
from service.store.locks import lock_sweep
from service.store.models import Configuration, Epoch, LayerProfile, Sweep, Trial, Walk
from service.store.models.roles import Role, columns_of
from service.store.plan_rows import configuration_values
from service.store.trial_states import UNFINISHED
from service.store.upserts import insert_all_new
from workers.contract import Outcome, TrialSpec

__all__ = [
    "end_unfinished",
    "get",
    "insert_plan",
    "is_planned",
    "retry",
    "unfinished",
]

# Configurations in one INSERT: a hundred thousand rows of JSON would take much memory at once.
_CHUNK = 5_000


def insert_plan(
    session: WriteSession, sweep_id: UUID, planned: Sequence[PlannedConfiguration]
) -> int:
    """Insert the configurations and trials of a plan that the sweep does not have yet.

    New rows are numbered after the existing ones, which stay unchanged. So planning twice changes
    nothing, and a larger plan only adds rows. The sweep's `n_trials` is set to the number of its
    trials.

    Returns:
        The number of new trials.

    Raises:
        SweepNotFoundError: There is no such sweep.
        BadPlanError: The plan has a configuration or a trial twice, or one of another sweep.
    """
    lock_sweep(session, sweep_id)
    _insert_walks(session, planned)
    _insert_configurations(session, sweep_id, planned)
    known, next_number = _numbers(session, sweep_id, Trial)
    rows = [
        {
            "id": trial.id,
            "configuration_id": each.id,
            "seed": trial.seed,
            "planned_epochs": each.configuration.training.epochs,
        }
        for each in planned
        for trial in each.trials
        if trial.id not in known
    ]
    for number, row in enumerate(rows, start=next_number):
        row |= {"sweep_id": sweep_id, "number": number}
    # The sweep's own ids are known: another clash is with this plan itself or another sweep.
    if len(insert_all_new(session, Trial, [Trial.id], rows)) < len(rows):
        raise BadPlanError(sweep_id)
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(n_trials=len(known) + len(rows))
        .execution_options(synchronize_session=False)
    )
    return len(rows)


def _insert_configurations(
    session: WriteSession, sweep_id: UUID, planned: Sequence[PlannedConfiguration]
) -> None:
    known, next_number = _numbers(session, sweep_id, Configuration)
    new = [each for each in planned if each.id not in known]
    for start in range(0, len(new), _CHUNK):
        rows = [
            configuration_values(sweep_id, next_number + start + offset, each)
            for offset, each in enumerate(new[start : start + _CHUNK])
        ]
        if len(insert_all_new(session, Configuration, [Configuration.id], rows)) < len(rows):
            raise BadPlanError(sweep_id)


def _numbers(
    session: Session, sweep_id: UUID, table: type[Configuration | Trial]
) -> tuple[set[UUID], int]:
    """Return the ids of a sweep's rows in a table, and the number of the next row."""
    rows = session.execute(select(table.id, table.number).where(table.sweep_id == sweep_id)).all()
    return {row.id for row in rows}, max((row.number for row in rows), default=-1) + 1


def _insert_walks(session: WriteSession, planned: Sequence[PlannedConfiguration]) -> None:
    walks = {each.walk.id: each.walk for each in planned if each.walk is not None}
    # Sorted, so that two plans with common walks insert them in one order and cannot deadlock.
    rows = [
        {"id": walk.id, "means": walk.means, "deviations": walk.deviations}
        for _, walk in sorted(walks.items())
    ]
    insert_all_new(session, Walk, [Walk.id], rows)


def is_planned(session: Session, sweep_id: UUID) -> bool:
    """Return whether a sweep has trials; a plan is inserted whole or not at all."""
    return bool(session.scalar(select(exists().where(Trial.sweep_id == sweep_id))))


def unfinished(session: Session, sweep_id: UUID) -> list[TrialSpec]:
    """Return the specs of a sweep's trials without an outcome, in the order of the plan.

    Specs of one configuration share one object of it.
    """
    wanted = (Trial.sweep_id == sweep_id, Trial.state.in_(UNFINISHED))
    rows = session.execute(
        select(Trial.id, Trial.seed, Trial.configuration_id).where(*wanted).order_by(Trial.number)
    ).all()
    configurations = session.execute(
        select(Configuration.id, Configuration.configuration).where(
            Configuration.id.in_(select(Trial.configuration_id).where(*wanted))
        )
    )
    by_id = {row.id: row.configuration for row in configurations}
    return [
        TrialSpec(trial_id=row.id, seed=row.seed, configuration=by_id[row.configuration_id])
        for row in rows
    ]


def get(session: Session, trial_id: UUID) -> Trial:
    """Return a trial.

    Raises:
        TrialNotFoundError: There is no such trial.
    """
    trial = session.get(Trial, trial_id, populate_existing=True)
    if trial is None:
        raise TrialNotFoundError(trial_id)
    return trial


def end_unfinished(
    session: WriteSession, sweep_id: UUID, outcome: Outcome, message: str | None = None
) -> int:
    """Set the outcome of every trial of a sweep that has none.

    Args:
        session: The transaction.
        sweep_id: The sweep.
        outcome: Any outcome but diverged, which needs an epoch and a step.
        message: The reason, for a person.

    Returns:
        The number of trials that were ended.

    Raises:
        SweepNotFoundError: There is no such sweep.
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
    """Make a sweep's trials with some outcomes pending again, as if they had never run.

    The epochs and layer profiles of the old attempt are deleted. Queue the sweep in the same
    transaction: that raises its fencing number, so that a late writer cannot bring them back.

    Returns:
        The number of trials that were made pending.

    Raises:
        SweepNotFoundError: There is no such sweep.
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
        .values(attempt=Trial.attempt + 1, state=TrialState.PENDING, **_UNRUN)
        .returning(Trial.id)
        .execution_options(synchronize_session=False)
    )
    return len(retried.all())


def _default(column: Column[Any]) -> object:
    """Return the default of a column that is never null."""
    assert isinstance(column.default, ColumnDefault)
    return column.default.arg


# Values that a run fills, as they are in a new row: null, or the column's default.
_UNRUN = {
    name: None if column.nullable else _default(column)
    for name, column in columns_of(Trial, Role.RESULT, Role.RUN).items()
}
