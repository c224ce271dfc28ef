"""What two runs of a sweep must agree on, bit for bit."""

from collections.abc import Iterable

from sqlalchemy import select

from service.query.columns import FIELDS, attribute
from service.store import Database
from service.store.models import Configuration, Epoch, Sweep, Trial
from service.store.models.roles import Role, columns_of

# Ids are of one sweep, and a run's times, hosts and attempts its own; the rest is the trial's.
_OWN = {"attempt", *columns_of(Trial, Role.RUN)}
_OWN |= {"id", "sweep_id", "configuration_id"}
_TRIAL = [name for name in FIELDS if name not in _OWN]
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
                select(*map(attribute, _TRIAL))
                .join(Configuration, Configuration.id == Trial.configuration_id)
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
