"""Sweeps: submit, find, list, move between states, delete."""

from collections.abc import Mapping, Sequence, Set
from datetime import datetime
from uuid import UUID, uuid4

from pydantic import JsonValue
from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.orm import Session

from service.lifecycle import ENDED, HELD, IllegalTransitionError, SweepState, check_sweep
from service.spec import Media
from service.store.column_types import database_now
from service.store.counts import Counts, counts
from service.store.database import WriteSession
from service.store.errors import (
    IdempotencyConflictError,
    SweepNotEndedError,
    SweepNotFoundError,
    UnfinishedTrialsError,
)
from service.store.locks import lock_sweep
from service.store.models import Sweep
from service.store.pages import Page
from service.store.trial_states import has_unfinished, reset_running
from service.store.upserts import insert_new

__all__ = [
    "Counts",
    "SweepCursor",
    "counts",
    "delete_ended",
    "get",
    "insert",
    "move",
    "page",
    "set_expected_end",
]

SweepCursor = tuple[datetime, UUID]
"""Submission time and id of the last sweep of a page."""


def insert(
    session: WriteSession,
    *,
    name: str,
    spec_text: str,
    spec_media: Media,
    spec_hash: str,
    n_trials: int,
    priority: int = 0,
    tags: Mapping[str, JsonValue] | None = None,
    idempotency_key: str | None = None,
) -> Sweep:
    """Queue a sweep, or return the one that the same request made before.

    Args:
        session: The transaction.
        name: As in the spec.
        spec_text: The spec as sent.
        spec_media: Its language.
        spec_hash: SHA-256 of its canonical JSON, in hex.
        n_trials: How many trials it will have at most.
        priority: Higher goes first.
        tags: Free text by name.
        idempotency_key: Two calls with the same one make one sweep, at the same time too.

    Raises:
        IdempotencyConflictError: The key made a sweep of another spec.
    """
    sweep_id = uuid4()
    values = {
        "id": sweep_id,
        "name": name,
        "spec_text": spec_text,
        "spec_media": spec_media,
        "spec_hash": spec_hash,
        "n_trials": n_trials,
        "priority": priority,
        "tags": dict(tags or {}),
        "idempotency_key": idempotency_key,
    }
    if insert_new(session, Sweep, [Sweep.idempotency_key], values):
        return get(session, sweep_id)
    made = session.scalars(select(Sweep).where(Sweep.idempotency_key == idempotency_key)).one()
    if idempotency_key is not None and made.spec_hash != spec_hash:
        raise IdempotencyConflictError(idempotency_key, made.id)
    return made


def get(session: Session, sweep_id: UUID) -> Sweep:
    """Return a sweep.

    Raises:
        SweepNotFoundError: There is none.
    """
    sweep = session.get(Sweep, sweep_id, populate_existing=True)
    if sweep is None:
        raise SweepNotFoundError(sweep_id)
    return sweep


def page(
    session: Session,
    *,
    after: SweepCursor | None = None,
    limit: int,
    where: Sequence[ColumnElement[bool]] = (),
) -> Page[Sweep, SweepCursor]:
    """Return some sweeps, newest first.

    Sweeps submitted between two pages come before both and appear in neither.

    Args:
        session: The transaction.
        after: Where the previous page ended; None for the first.
        limit: Most sweeps to return, at least 1.
        where: Conditions on columns of `Sweep`.
    """
    position = tuple_(Sweep.created_at, Sweep.id)
    statement = select(Sweep).where(*where).order_by(Sweep.created_at.desc(), Sweep.id.desc())
    if after is not None:
        statement = statement.where(position < after)
    rows = session.scalars(statement.limit(limit + 1)).all()
    items = rows[:limit]
    more = len(rows) > limit
    return Page(items, (items[-1].created_at, items[-1].id) if more else None)


def move(
    session: WriteSession,
    sweep_id: UUID,
    to: SweepState,
    *,
    allowed_from: Set[SweepState] | None = None,
    message: str | None = None,
) -> Sweep:
    """Move a sweep to another state; of two movers at the same time the second sees the first.

    Leaving the states that workers have it in ends its lease: the fence moves on, and trials
    that were running are pending again. A caller that acts for a claim holds that first.

    Args:
        session: The transaction.
        sweep_id: The sweep.
        to: The state to reach.
        allowed_from: States to come from, where the caller allows fewer than the table does.
        message: Why, for a person; replaces the sweep's message.

    Returns:
        The sweep in its new state.

    Raises:
        SweepNotFoundError: There is none.
        IllegalTransitionError: It is in a state that does not allow the move.
        UnfinishedTrialsError: It would end with a trial that has no outcome.
    """
    current = lock_sweep(session, sweep_id).state
    if allowed_from is not None and current not in allowed_from:
        raise IllegalTransitionError(current, to)
    check_sweep(current, to)
    if to in ENDED and has_unfinished(session, sweep_id):
        raise UnfinishedTrialsError(sweep_id, to)
    if to not in HELD:
        _end_lease(session, sweep_id)
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(
            state=to,
            message=message,
            ended_at=database_now() if to in ENDED else None,
        )
        .execution_options(synchronize_session=False)
    )
    return get(session, sweep_id)


def set_expected_end(session: WriteSession, sweep_id: UUID, seconds: float | None) -> None:
    """Note how far off the end of a sweep is expected to be; None where nothing is known."""
    moment = None if seconds is None else database_now(seconds)
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(expected_end_at=moment)
        .execution_options(synchronize_session=False)
    )


def _end_lease(session: WriteSession, sweep_id: UUID) -> None:
    """Void whatever claim there is on a sweep that this transaction has locked."""
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(
            lease_owner=None,
            lease_expires_at=None,
            fence=Sweep.fence + 1,
            stalled_launches=0,
        )
        .execution_options(synchronize_session=False)
    )
    reset_running(session, sweep_id)


def delete_ended(session: WriteSession, sweep_id: UUID) -> None:
    """Delete a sweep that has ended, with its trials, epochs and events.

    Raises:
        SweepNotFoundError: There is none.
        SweepNotEndedError: It may still be worked on.
    """
    state = lock_sweep(session, sweep_id).state
    if state not in ENDED:
        raise SweepNotEndedError(sweep_id, state)
    session.execute(
        delete(Sweep).where(Sweep.id == sweep_id).execution_options(synchronize_session=False)
    )
