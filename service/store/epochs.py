"""Epochs: the curve of a trial."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.models import Epoch


def curve(session: Session, trial_id: UUID) -> list[Epoch]:
    """Return the recorded epochs of a trial in order; empty for a trial without any, or none."""
    return [*session.scalars(select(Epoch).where(Epoch.trial_id == trial_id).order_by(Epoch.epoch))]
