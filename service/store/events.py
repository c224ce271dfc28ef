"""The log of a sweep's events, in order."""

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
    """Add an event to a sweep's log and return it.

    Args:
        session: The transaction; it locks the sweep until it ends.
        sweep_id: The sweep.
        kind: Type of the event; at most 64 characters.
        trial_id: The trial concerned; None if the event is about the sweep.
        detail: Further values, by name.

    Raises:
        SweepNotFoundError: There is no such sweep.
    """
    # PostgreSQL assigns ids before the commit. Without the lock an event with a smaller id could
    # become visible after a larger one, and a reader that asks for newer events would miss it.
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
    """Return the events of a sweep that follow a given one, oldest first.

    Args:
        session: The transaction.
        sweep_id: The sweep; one that does not exist has no events.
        last_id: Id of the last event that the caller has; 0 for none.
        limit: Maximum number of events to return.
    """
    return [
        *session.scalars(
            select(Event)
            .where(Event.sweep_id == sweep_id, Event.id > last_id)
            .order_by(Event.id)
            .limit(limit)
        )
    ]
