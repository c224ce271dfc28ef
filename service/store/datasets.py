"""Registered data sets."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.database import WriteSession
from service.store.errors import DatasetExistsError, DatasetNotFoundError
from service.store.models import Dataset
from service.store.upserts import insert_new
from workers.contract import DatasetShape


def insert(session: WriteSession, shape: DatasetShape, sha256: str) -> Dataset:
    """Register a data set.

    Args:
        session: The transaction.
        shape: Its name and sizes.
        sha256: Hash of its file, 64 hex digits.

    Raises:
        DatasetExistsError: The name is taken.
    """
    values = {
        "name": shape.name,
        "sha256": sha256,
        "n_inputs": shape.n_inputs,
        "n_classes": shape.n_classes,
        "n_train": shape.n_train,
        "n_eval": shape.n_eval,
    }
    if not insert_new(session, Dataset, [Dataset.name], values):
        raise DatasetExistsError(shape.name)
    return get(session, shape.name)


def get(session: Session, name: str) -> Dataset:
    """Return a registered data set.

    Raises:
        DatasetNotFoundError: There is none.
    """
    dataset = session.get(Dataset, name)
    if dataset is None:
        raise DatasetNotFoundError(name)
    return dataset


def list(session: Session) -> Sequence[Dataset]:
    """Return all registered data sets by name."""
    return session.scalars(select(Dataset).order_by(Dataset.name)).all()
