"""Conditions and updates on the states of a sweep's trials."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_, select, update
from sqlalchemy.orm import Session

from service.lifecycle import TrialState, trial_sources
from service.store.database import WriteSession
from service.store.models import Trial

UNFINISHED = trial_sources(TrialState.DONE)
"""States of trials that have no outcome."""


def is_unfinished(state: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition that a trial has no outcome, for statements with many parameter sets."""
    # SQLAlchemy does not allow an IN in such a statement: its list is expanded at each execution.
    return or_(*(state == each for each in sorted(UNFINISHED)))


def has_unfinished(session: Session, sweep_id: UUID) -> bool:
    """Return whether some trial of a sweep has no outcome; false for a sweep without trials."""
    unfinished = exists().where(Trial.sweep_id == sweep_id, Trial.state.in_(UNFINISHED))
    return bool(session.scalar(select(unfinished)))


def reset_running(session: WriteSession, sweep_id: UUID) -> None:
    """Make a sweep's running trials pending, after the claim of their workers became void."""
    session.execute(
        update(Trial)
        .where(Trial.sweep_id == sweep_id, Trial.state == TrialState.RUNNING)
        .values(state=TrialState.PENDING)
        .execution_options(synchronize_session=False)
    )
