"""Read the simulated walk of a random network."""

from uuid import UUID

from sqlalchemy.orm import Session

from service.store.models import Walk


def get(session: Session, walk_id: UUID) -> Walk:
    """Return the walk that a configuration's `walk_id` names; a foreign key guarantees its row."""
    return session.get_one(Walk, walk_id)
