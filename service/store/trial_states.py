"""States of a sweep's trials."""

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
    """Return the condition that a trial has no outcome, for statements of many parameter sets."""
    # An IN would be expanded anew for each set, which SQLAlchemy refuses.
    return or_(*(state == each for each in sorted(UNFINISHED)))


def has_unfinished(session: Session, sweep_id: UUID) -> bool:
    """Return whether a trial of the sweep has no outcome; false where none is planned."""
    unfinished = exists().where(Trial.sweep_id == sweep_id, Trial.state.in_(UNFINISHED))
    return bool(session.scalar(select(unfinished)))


def reset_running(session: WriteSession, sweep_id: UUID) -> None:
    """Make running trials pending, once the workers that had them have no claim any more."""
    session.execute(
        update(Trial)
        .where(Trial.sweep_id == sweep_id, Trial.state == TrialState.RUNNING)
        .values(state=TrialState.PENDING)
        .execution_options(synchronize_session=False)
    )
