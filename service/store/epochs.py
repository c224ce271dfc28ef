"""Epochs: the curves of trials."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.store.appends import append
from service.store.database import WriteSession
from service.store.models import Epoch
from service.store.upserts import insert_all_new
from workers.contract import EpochRecord


class UnfinishedTrial(NamedTuple):
    """Where a trial that is not done stands.

    Attributes:
        attempt: The present one.
        epochs_done: The largest epoch that has a row; None if there is none.
    """

    attempt: int
    epochs_done: int | None


def curve(session: Session, trial_id: UUID) -> list[Epoch]:
    """Return the recorded epochs of a trial in order; empty for a trial without any, or none."""
    return [*session.scalars(select(Epoch).where(Epoch.trial_id == trial_id).order_by(Epoch.epoch))]


def insert_new(
    session: WriteSession,
    records: Iterable[EpochRecord],
    unfinished: Mapping[UUID, UnfinishedTrial],
) -> list[list[EpochRecord]]:
    """Insert the records whose epoch is not there yet.

    Args:
        session: The transaction, which holds the sweep: nobody else adds to these curves.
        records: Of two of one epoch, the first counts; those of other trials are left out.
        unfinished: The trials that may get rows, as they stand in this transaction.

    Returns:
        The records that were inserted, in a list for each trial.
    """
    later: list[EpochRecord] = []
    others: list[EpochRecord] = []
    curves = _by_trial(records, unfinished)
    for trial_id, of_trial in curves.items():
        done = unfinished[trial_id].epochs_done
        last = -1 if done is None else done
        # Nothing lies beyond the last epoch, so those need not be looked for.
        if min(of_trial) > last:
            later += of_trial.values()
        else:
            later += [record for epoch, record in of_trial.items() if epoch > last]
            others += [record for epoch, record in of_trial.items() if epoch <= last]
    append(session, Epoch, _columns(later, unfinished))
    if others:
        new = _insert_if_new(session, others, unfinished)
        curves = _by_trial(later + new, unfinished)
    return [[*of_trial.values()] for of_trial in curves.values()]


def _by_trial(
    records: Iterable[EpochRecord], unfinished: Mapping[UUID, UnfinishedTrial]
) -> dict[UUID, dict[int, EpochRecord]]:
    """Return the first record of each epoch, by trial and epoch."""
    found: dict[UUID, dict[int, EpochRecord]] = {}
    # Reports come in runs of one trial, and the hash of a UUID is slow.
    for trial_id, of_trial in groupby(records, key=_TRIAL_ID):
        if trial_id in unfinished:
            curve = found.setdefault(trial_id, {})
            for record in of_trial:
                curve.setdefault(record.epoch, record)
    return found


def _insert_if_new(
    session: WriteSession,
    records: Sequence[EpochRecord],
    unfinished: Mapping[UUID, UnfinishedTrial],
) -> list[EpochRecord]:
    """Insert records that may be there already, sent again or out of order; return the new."""
    columns = _columns(records, unfinished)
    rows = [
        dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)
    ]
    inserted = insert_all_new(session, Epoch, [Epoch.trial_id, Epoch.epoch], rows)
    keys = {(row.trial_id, row.epoch) for row in inserted}
    return [record for record in records if (record.trial_id, record.epoch) in keys]


def _columns(
    records: Sequence[EpochRecord], unfinished: Mapping[UUID, UnfinishedTrial]
) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {
        name: [*map(field, records)] for name, field in _FIELDS.items()
    }
    columns["attempt"] = [unfinished[record.trial_id].attempt for record in records]
    return columns


_TRIAL_ID = attrgetter("trial_id")
# A record has a field for each column but the attempt, under its name.
_FIELDS = {
    column.name: attrgetter(column.name)
    for column in Epoch.__table__.columns
    if column.name != "attempt"
}
