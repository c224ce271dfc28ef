"""The table of sweeps, which is also the queue of the drivers."""

from datetime import datetime
from uuid import UUID, uuid4

from pydantic import JsonValue
from sqlalchemy import JSON, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.lifecycle import SweepState
from service.spec import Media
from service.store.column_types import database_now, stored_by_value
from service.store.constraints import at_least, one_of, rule
from service.store.models.base import Base


class Sweep(Base):
    """A submitted spec, its state and its lease.

    Attributes:
        id: Primary key.
        name: Name in the spec; not unique.
        spec_text: The spec as sent.
        spec_media: Language of the text.
        spec_hash: SHA-256 of the spec's canonical JSON, in hex.
        state: State; `SWEEP_TRANSITIONS` has the allowed moves.
        n_trials: Upper bound until the sweep is planned, then the number of its trials.
        lease_owner: Driver that holds the lease; None if no driver does.
        lease_expires_at: Time at which that driver loses the lease unless it renews it.
        fence: Fencing number. It rises with every claim and whenever a claim ends; a write under a
            lower one is refused.
        stalled_launches: Number of claims since the last new epoch or outcome, the present one
            included; 0 after a lease has ended in order.
        priority: Sweeps of higher priority are claimed first.
        tags: Free text by name.
        idempotency_key: Key of the request that submitted the sweep, if it had one.
        message: Reason of a failure, for a person.
        created_at: Time of the submission.
        started_at: Time of the first claim.
        expected_end_at: Time of the expected end, from its driver; None while nothing is known.
        ended_at: Time of the end; None while the sweep has not ended.
    """

    __tablename__ = "sweeps"
    __table_args__ = (
        one_of("spec_media", Media),
        one_of("state", SweepState),
        at_least("n_trials", 0),
        at_least("fence", 0),
        at_least("stalled_launches", 0),
        rule("spec_hash_length", "length(spec_hash) = 64"),
        rule("lease_is_whole", "(lease_owner IS NULL) = (lease_expires_at IS NULL)"),
        rule(
            "lease_is_held",
            "lease_owner IS NULL OR state IN ('running', 'pausing', 'cancelling')",
        ),
        rule(
            "ended_at_is_of_an_end",
            "(ended_at IS NOT NULL) = (state IN ('completed', 'failed', 'cancelled'))",
        ),
        UniqueConstraint("idempotency_key"),
        # For the list of sweeps, newest first.
        Index(None, "created_at", "id"),
        # For `leases.claim`.
        Index(None, "state", "priority", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    name: Mapped[str]
    spec_text: Mapped[str]
    spec_media: Mapped[Media] = mapped_column(stored_by_value(Media))
    spec_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[SweepState] = mapped_column(
        stored_by_value(SweepState), default=SweepState.QUEUED
    )
    n_trials: Mapped[int]
    lease_owner: Mapped[str | None]
    lease_expires_at: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0)
    stalled_launches: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    tags: Mapped[dict[str, JsonValue]] = mapped_column(JSON, default=dict)
    idempotency_key: Mapped[str | None] = mapped_column(String(255))
    message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=database_now())
    started_at: Mapped[datetime | None]
    expected_end_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
