"""Rows of epochs, which are the learning curves of trials."""

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
    """State of a trial that has no outcome yet.

    Attributes:
        attempt: Number of its present attempt, from 1.
        epochs_done: The largest epoch that has a row; None if no epoch has one.
    """

    attempt: int
    epochs_done: int | None


def curve(session: Session, trial_id: UUID) -> list[Epoch]:
    """Return the recorded epochs of a trial in order.

    The list is empty for a trial that has none or does not exist.
    """
    return [*session.scalars(select(Epoch).where(Epoch.trial_id == trial_id).order_by(Epoch.epoch))]


def insert_new(
    session: WriteSession,
    records: Iterable[EpochRecord],
    unfinished: Mapping[UUID, UnfinishedTrial],
) -> list[list[EpochRecord]]:
    """Insert the records whose epoch has no row yet.

    Args:
        session: The transaction. It has locked the sweep, so that no other transaction adds epochs.
        records: Of two records of one epoch the first is used. Records of trials that are not in
            ``unfinished`` are left out.
        unfinished: The trials that may get rows, by id, as this transaction sees them.

    Returns:
        The records that were inserted, in a list for each trial.
    """
    beyond_last: list[EpochRecord] = []
    maybe_stored: list[EpochRecord] = []
    curves = _by_trial(records, unfinished)
    for trial_id, of_trial in curves.items():
        done = unfinished[trial_id].epochs_done
        last = -1 if done is None else done
        # No row lies beyond the last epoch, so these records take the fast insert, which fails on
        # a key that is taken.
        if min(of_trial) > last:
            beyond_last += of_trial.values()
        else:
            beyond_last += [record for epoch, record in of_trial.items() if epoch > last]
            maybe_stored += [record for epoch, record in of_trial.items() if epoch <= last]
    append(session, Epoch, _columns(beyond_last, unfinished))
    if maybe_stored:
        new = _insert_if_new(session, maybe_stored, unfinished)
        curves = _by_trial(beyond_last + new, unfinished)
    return [[*of_trial.values()] for of_trial in curves.values()]


def _by_trial(
    records: Iterable[EpochRecord], unfinished: Mapping[UUID, UnfinishedTrial]
) -> dict[UUID, dict[int, EpochRecord]]:
    """Return the first record of each epoch, by trial and epoch."""
    found: dict[UUID, dict[int, EpochRecord]] = {}
    # Consecutive records are often of one trial, and hashing a UUID is slow.
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
    """Insert the records whose key is not taken, and return them.

    Records can be stored already because a batch was sent again, or be out of order.
    """
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
# `EpochRecord` has a field of the same name for each column but the attempt.
_FIELDS = {
    column.name: attrgetter(column.name)
    for column in Epoch.__table__.columns
    if column.name != "attempt"
}
