"""Leases: which driver has a sweep, and the fence that keeps late writers out.

All times are the database's. A claim raises the sweep's fencing number; every write under a
claim holds it first, so that what a driver writes after it lost the sweep is refused.
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
        fence: Its fencing number while the claim is good.
        owner: The driver.
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
    """Take the next sweep that nobody works on: highest priority first, then oldest.

    That is a queued one, which becomes running, or one whose lease has lapsed or was handed
    back, or that this owner had before. Of two drivers at the same time one gets it.

    Args:
        session: The transaction; commit it before any work begins.
        owner: Name of this driver, of no other.
        lease_seconds: How long the lease lasts without renewal.
        exclude: Sweeps that this driver runs already.

    Returns:
        The claim, or None where there is nothing to do.
    """
    candidate = (
        select(Sweep.id)
        .where(_claimable(owner), Sweep.id.not_in(exclude))
        .order_by(Sweep.priority.desc(), Sweep.created_at, Sweep.id)
        .limit(1)
        # A sweep that somebody is writing is left for the next look.
        .with_for_update(skip_locked=True, key_share=True)
    )
    taken = session.execute(
        update(Sweep)
        .where(Sweep.id == candidate.scalar_subquery())
        .values(
            lease_owner=owner,
            lease_expires_at=database_now(lease_seconds),
            fence=Sweep.fence + 1,
            stalled_launches=Sweep.stalled_launches + 1,
            state=case((Sweep.state == SweepState.QUEUED, SweepState.RUNNING), else_=Sweep.state),
            started_at=func.coalesce(Sweep.started_at, database_now()),
        )
        .returning(Sweep.id, Sweep.fence)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return None
    reset_running(session, taken.id)
    return Claim(sweep_id=taken.id, fence=taken.fence, owner=owner)


def _claimable(owner: str) -> ColumnElement[bool]:
    free = or_(
        Sweep.lease_owner.is_(None),
        Sweep.lease_owner == owner,
        Sweep.lease_expires_at < database_now(),
    )
    return or_(Sweep.state == SweepState.QUEUED, and_(Sweep.state.in_(HELD), free))


def renew(session: WriteSession, claim: Claim, lease_seconds: float) -> bool:
    """Extend a lease from now.

    A lease that has lapsed is renewed as well, as long as nobody else has taken the sweep.

    Returns:
        Whether the claim is still good; if not, its workers must stop.
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
        FencedOutError: The claim is not good any more, or the sweep is gone.
    """
    try:
        locked = lock_sweep(session, claim.sweep_id)
    except SweepNotFoundError:
        raise FencedOutError(claim.sweep_id, claim.fence, None) from None
    if locked.fence != claim.fence:
        raise FencedOutError(claim.sweep_id, claim.fence, locked.fence)
    return locked
