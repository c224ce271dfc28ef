"""Insert, read, list, move and delete rows of sweeps."""

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
    """Queue a sweep, or return the sweep that the same request queued before.

    Args:
        session: The transaction.
        name: Name of the sweep in its spec.
        spec_text: The spec as sent.
        spec_media: Language of the text.
        spec_hash: SHA-256 of the spec's canonical JSON, in hex.
        n_trials: Upper bound of the number of its trials.
        priority: Sweeps of higher priority are claimed first.
        tags: Free text by name.
        idempotency_key: Calls with the same key make one sweep, even at the same time. None makes
            a sweep in any case.

    Raises:
        IdempotencyConflictError: The key was used for another spec.
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
        SweepNotFoundError: There is no such sweep.
    """
    # The session may hold the row as it was before a bulk update.
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

    A sweep that is submitted between two calls is newer than both pages and appears on neither.

    Args:
        session: The transaction.
        after: `next_cursor` of the previous page; None for the first page.
        limit: Maximum number of sweeps to return, at least 1.
        where: Conditions on columns of `Sweep`.
    """
    position = tuple_(Sweep.created_at, Sweep.id)
    statement = select(Sweep).where(*where).order_by(Sweep.created_at.desc(), Sweep.id.desc())
    if after is not None:
        statement = statement.where(position < after)
    # One row more than the page says whether another page follows.
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
    """Move a sweep to another state, and end its lease if workers have no part in that state.

    The end of a lease raises the fencing number and makes running trials pending. Concurrent moves
    are serialized by the lock of the sweep. A caller that acts under a claim calls `leases.hold`
    first.

    Args:
        session: The transaction.
        sweep_id: The sweep.
        to: The new state.
        allowed_from: States from which this caller allows the move; None for all of
            `SWEEP_TRANSITIONS`.
        message: The reason, for a person; replaces the sweep's message.

    Returns:
        The sweep in its new state.

    Raises:
        SweepNotFoundError: There is no such sweep.
        IllegalTransitionError: The sweep's state does not allow the move.
        UnfinishedTrialsError: The new state is an end, and a trial has no outcome.
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
    """Store when a sweep is expected to end.

    Args:
        session: The transaction.
        sweep_id: The sweep.
        seconds: Seconds from now by the database's clock; None if nothing is known.
    """
    moment = None if seconds is None else database_now(seconds)
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id)
        .values(expected_end_at=moment)
        .execution_options(synchronize_session=False)
    )


def _end_lease(session: WriteSession, sweep_id: UUID) -> None:
    """Void the claim on a sweep, if it has one; this transaction has locked the sweep."""
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
        SweepNotFoundError: There is no such sweep.
        SweepNotEndedError: The sweep has not ended; a driver may work on it.
    """
    state = lock_sweep(session, sweep_id).state
    if state not in ENDED:
        raise SweepNotEndedError(sweep_id, state)
    # The foreign keys of the other tables cascade.
    session.execute(
        delete(Sweep).where(Sweep.id == sweep_id).execution_options(synchronize_session=False)
    )
