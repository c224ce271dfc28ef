"""Read the layer profiles of a trial."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.models import LayerProfile


def of_trial(session: Session, trial_id: UUID, epoch: int | None = None) -> list[LayerProfile]:
    """Return the recorded profiles of a trial, in the order of their epochs.

    The list is empty for a trial that has none or does not exist.

    Args:
        session: The transaction.
        trial_id: The trial.
        epoch: The only epoch to return; None for all.
    """
    statement = select(LayerProfile).where(LayerProfile.trial_id == trial_id)
    if epoch is not None:
        statement = statement.where(LayerProfile.epoch == epoch)
    return [*session.scalars(statement.order_by(LayerProfile.epoch))]
