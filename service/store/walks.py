"""Simulated walks: the predicted band of a trial's network."""

from uuid import UUID

from sqlalchemy.orm import Session

from service.store.models import Walk


def get(session: Session, walk_id: UUID) -> Walk:
    """Return the walk that a trial names; its foreign key says that there is one."""
    return session.get_one(Walk, walk_id)
