"""Leases of sweeps to drivers, with fencing numbers that refuse late writes.

All times are the database's. A claim raises the sweep's fencing number. Every write under a claim
compares it first (`hold`), so that a driver which has lost the sweep can write nothing more.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, func, or_, select, update

from service.lifecycle import HELD, SweepState
from service.store.column_types import database_now
from service.store.database import WriteSession
from service.store.errors import FencedOutError, SweepNotFoundError
from service.store.locks import LockedSweep, lock_sweep
from service.store.models import Sweep
from service.store.trial_states import reset_running


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A driver's right to write a sweep's results.

    Attributes:
        sweep_id: The sweep.
        fence: The sweep's fencing number; a larger one in its row makes this claim void.
        owner: Name of the driver.
    """

    sweep_id: UUID
    fence: int
    owner: str


def claim(
    session: WriteSession,
    owner: str,
    lease_seconds: float,
    *,
    exclude: Collection[UUID] = (),
) -> Claim | None:
    """Claim the next free sweep: highest priority first, then oldest.

    A sweep is free if it is queued, if its lease has lapsed, or if this owner held it before. A
    queued sweep becomes running. Of two drivers that claim at the same time only one gets a sweep.

    Args:
        session: The transaction; commit it before any work begins.
        owner: Name of this driver; no other driver may have the same.
        lease_seconds: How long the lease lasts without renewal.
        exclude: Sweeps that this driver already runs.

    Returns:
        The claim; None if no sweep is free.
    """
    candidate = (
        select(Sweep.id)
        .where(_claimable(owner), Sweep.id.not_in(exclude))
        .order_by(Sweep.priority.desc(), Sweep.created_at, Sweep.id)
        .limit(1)
        # A sweep that another transaction is writing is skipped; the next poll finds it again.
        .with_for_update(skip_locked=True, key_share=True)
    )
    taken = session.execute(
        update(Sweep)
        .where(Sweep.id == candidate.scalar_subquery())
        .values(
            lease_owner=owner,
            lease_expires_at=database_now(lease_seconds),
            fence=Sweep.fence + 1,
            # Counted up with each claim, set to 0 by progress: a sweep that kills every process
            # is failed by the supervisor in the end.
            stalled_launches=Sweep.stalled_launches + 1,
            state=case((Sweep.state == SweepState.QUEUED, SweepState.RUNNING), else_=Sweep.state),
            started_at=func.coalesce(Sweep.started_at, database_now()),
        )
        .returning(Sweep.id, Sweep.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return None
    # Trials that a dead driver's workers were training would stay running for ever.
    reset_running(session, taken.id)
    return Claim(sweep_id=taken.id, fence=taken.fence, owner=owner)


def _claimable(owner: str) -> ColumnElement[bool]:
    """Return the condition that a driver may claim a sweep."""
    free = or_(
        Sweep.lease_owner.is_(None),
        Sweep.lease_owner == owner,
        Sweep.lease_expires_at < database_now(),
    )
    return or_(Sweep.state == SweepState.QUEUED, and_(Sweep.state.in_(HELD), free))


def renew(session: WriteSession, claim: Claim, lease_seconds: float) -> bool:
    """Extend a lease from now, and return whether the claim is still valid.

    A lease that has lapsed is renewed too if no other driver has claimed the sweep.

    Returns:
        False if the claim is void; its workers must then stop.
    """
    renewed = session.scalar(
        update(Sweep)
        .where(Sweep.id == claim.sweep_id, Sweep.fence == claim.fence)
        .values(lease_expires_at=database_now(lease_seconds))
        .returning(Sweep.id)
        .execution_options(synchronize_session=False)
    )
    return renewed is not None


def hold(session: WriteSession, claim: Claim) -> LockedSweep:
    """Lock the sweep of a claim until the transaction ends.

    Returns:
        The state and fence of the sweep.

    Raises:
        FencedOutError: The claim is void, or the sweep was deleted.
    """
    try:
        locked = lock_sweep(session, claim.sweep_id)
    except SweepNotFoundError:
        raise FencedOutError(claim.sweep_id, claim.fence, None) from None
    if locked.fence != claim.fence:
        raise FencedOutError(claim.sweep_id, claim.fence, locked.fence)
    return locked
