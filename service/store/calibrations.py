"""Stored calibrations, the newest for each device model and engine."""

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.store.column_types import database_now
from service.store.database import WriteSession
from service.store.models import Calibration as Row
from workers.contract import Calibration

_KEY = ("device", "engine")
_COLUMNS = tuple(field.name for field in fields(Calibration))


def put(session: WriteSession, measured: Sequence[Calibration]) -> None:
    """Store measurements, each in place of an earlier one of the same device and engine.

    Args:
        session: The transaction.
        measured: Of two with one device and engine the last is stored; may be empty.
    """
    latest = {(each.device, each.engine): each for each in measured}
    # Every writer goes in the same order, so that two sweeps which write the same rows cannot
    # deadlock.
    for _, each in sorted(latest.items()):
        values = {name: getattr(each, name) for name in _COLUMNS}
        changed = {name: values[name] for name in _COLUMNS if name not in _KEY}
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        session.execute(
            dialect.insert(Row)
            .values(**values, measured_at=database_now())
            .on_conflict_do_update(
                index_elements=[*_KEY], set_={**changed, "measured_at": database_now()}
            )
        )


def load(session: Session, *, max_age_seconds: float | None = None) -> list[Calibration]:
    """Return the stored calibrations, newest first.

    Args:
        session: The transaction.
        max_age_seconds: Oldest age to return; None for any age.

    Returns:
        Calibrations whose timings this version can read; others are left out.
    """
    statement = select(Row).order_by(Row.measured_at.desc(), Row.device, Row.engine)
    if max_age_seconds is not None:
        statement = statement.where(Row.measured_at > database_now(-max_age_seconds))
    # `TimingsJson` gives None for the timings that another version of Fathom measured.
    rows = [row for row in session.scalars(statement) if row.timings is not None]
    return [Calibration(**{name: getattr(row, name) for name in _COLUMNS}) for row in rows]
