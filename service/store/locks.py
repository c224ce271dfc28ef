"""The row lock that every writer of a sweep takes first."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from service.lifecycle import SweepState
from service.store.database import WriteSession
from service.store.errors import SweepNotFoundError
from service.store.models import Sweep


@dataclass(frozen=True, slots=True)
class LockedSweep:
    """State and fencing number of a sweep that this transaction has locked.

    No other transaction can change either before this one ends.

    Attributes:
        state: The sweep's state.
        fence: The sweep's fencing number.
    """

    state: SweepState
    fence: int


def lock_sweep(session: WriteSession, sweep_id: UUID) -> LockedSweep:
    """Lock a sweep's row until the transaction ends, after a wait for other writers.

    On SQLite nothing more is locked: a write transaction holds the lock of the whole database.

    Raises:
        SweepNotFoundError: There is no such sweep.
    """
    # FOR NO KEY UPDATE excludes other writers of the sweep, but not the check of a foreign key
    # that refers to it, so that inserts of trials elsewhere do not wait.
    row = session.execute(
        select(Sweep.state, Sweep.fence).where(Sweep.id == sweep_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise SweepNotFoundError(sweep_id)
    return LockedSweep(state=row.state, fence=row.fence)
