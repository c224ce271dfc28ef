"""What two runs of a sweep must agree on, bit for bit."""

from collections.abc import Iterable

from sqlalchemy import select

from service.store import Database
from service.store.models import Epoch, Sweep, Trial

# Times, hosts and ids are a run's own; everything else is the trial's.
_TRIAL = [
    c.name
    for c in Trial.__table__.columns
    if c.name
    not in {
        "id", "sweep_id", "attempt", "seconds", "host", "device", "versions",
        "started_at", "ended_at",
    }
]  # fmt: skip
_EPOCH = [
    c.name for c in Epoch.__table__.columns if c.name not in {"trial_id", "attempt", "seconds"}
]

Row = tuple[object, ...]


def rows(url: str, sweep_name: str) -> tuple[list[Row], list[Row]]:
    """Return the trials and the epochs of a sweep's last run, in the order of the plan."""
    database = Database(url)
    try:
        with database.read() as session:
            sweep_id = session.scalars(
                select(Sweep.id).where(Sweep.name == sweep_name).order_by(Sweep.created_at.desc())
            ).first()
            trials = session.execute(
                select(*(getattr(Trial, name) for name in _TRIAL))
                .where(Trial.sweep_id == sweep_id)
                .order_by(Trial.number)
            )
            epochs = session.execute(
                select(Trial.number, *(getattr(Epoch, name) for name in _EPOCH))
                .join(Trial, Trial.id == Epoch.trial_id)
                .where(Trial.sweep_id == sweep_id)
                .order_by(Trial.number, Epoch.epoch)
            )
            return [_plain(row) for row in trials], [_plain(row) for row in epochs]
    finally:
        database.dispose()


def _plain(values: Iterable[object]) -> Row:
    # repr tells apart what == does not: 0.0 and -0.0, True and 1.
    return tuple(repr(value) for value in values)
