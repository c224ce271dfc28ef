"""Events: what happened to a sweep, in order."""

from collections.abc import Mapping
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.database import WriteSession
from service.store.locks import lock_sweep
from service.store.models import Event


def append(
    session: WriteSession,
    sweep_id: UUID,
    kind: str,
    trial_id: UUID | None = None,
    detail: Mapping[str, JsonValue] | None = None,
) -> Event:
    """Record that something happened.

    Args:
        session: The transaction; it locks the sweep until it ends. PostgreSQL draws ids before
            a commit, and without the lock a reader could be past an id that appears later.
        sweep_id: The sweep.
        kind: What happened; at most 64 characters.
        trial_id: The trial it is about.
        detail: More, by name.

    Raises:
        SweepNotFoundError: There is none.
    """
    lock_sweep(session, sweep_id)
    event = Event(
        sweep_id=sweep_id,
        trial_id=trial_id,
        kind=kind,
        detail=None if detail is None else dict(detail),
    )
    session.add(event)
    session.flush()
    return event


def after(session: Session, sweep_id: UUID, last_id: int, limit: int) -> list[Event]:
    """Return the next events of a sweep behind one, oldest first.

    Args:
        session: The transaction.
        sweep_id: The sweep; one that is not there has none.
        last_id: Id of the last event seen, 0 for none.
        limit: Most events to return.
    """
    return [
        *session.scalars(
            select(Event)
            .where(Event.sweep_id == sweep_id, Event.id > last_id)
            .order_by(Event.id)
            .limit(limit)
        )
    ]
