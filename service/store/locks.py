"""The lock that every writer of a sweep takes first."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from service.lifecycle import SweepState
from service.store.database import WriteSession
from service.store.errors import SweepNotFoundError
from service.store.models import Sweep


@dataclass(frozen=True, slots=True)
class LockedSweep:
    """What a writer must know of the sweep it has locked.

    Attributes:
        state: Its state; stays so until this transaction ends, unless it moves it.
        fence: Its fencing number, likewise.
    """

    state: SweepState
    fence: int


def lock_sweep(session: WriteSession, sweep_id: UUID) -> LockedSweep:
    """Lock a sweep's row until the transaction ends, waiting for whoever has it.

    On SQLite the transaction has the whole database already.

    Raises:
        SweepNotFoundError: There is none.
    """
    # NO KEY UPDATE: strong enough against other writers, and rows that refer to the sweep can
    # still be inserted by them.
    row = session.execute(
        select(Sweep.state, Sweep.fence).where(Sweep.id == sweep_id).with_for_update(key_share=True)
    ).one_or_none()
    if row is None:
        raise SweepNotFoundError(sweep_id)
    return LockedSweep(state=row.state, fence=row.fence)
