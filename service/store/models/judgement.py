"""The table of judgements, the verdicts of sweeps on claims."""

from datetime import datetime
from uuid import UUID, uuid4

from pydantic import JsonValue
from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.enums import ClaimSize, Verdict
from service.store.column_types import database_now, stored_by_value
from service.store.constraints import at_least, finite, one_of, rule
from service.store.models.base import Base


class Judgement(Base):
    """What the trials of a sweep say about a claim, by one version of its rule.

    Attributes:
        id: Primary key.
        claim: Name of the claim.
        size: Size of the claim whose spec the sweep has.
        sweep_id: The sweep.
        judge_hash: SHA-256 of the rule, in hex.
        rows_hash: SHA-256 of the values that were judged, in hex. A retry of trials changes it, and
            the sweep is judged again.
        verdict: Supported, refuted or undecided.
        n: Smallest number of seeds in a group.
        estimate: Estimate of the group that decides; None without one.
        low: Lower end of its interval.
        high: Upper end of its interval.
        evidence: The whole answer of the statistic, as JSON.
        device: Devices of the trials, one per line.
        versions: Software versions of the trials, one per line.
        seconds: Seconds from the sweep's start to its end.
        created_at: Time of the judgement.
    """

    __tablename__ = "judgements"
    __table_args__ = (
        one_of("size", ClaimSize),
        one_of("verdict", Verdict),
        at_least("n", 0),
        *finite("estimate", "low", "high", "seconds"),
        rule("judge_hash_length", "length(judge_hash) = 64"),
        rule("rows_hash_length", "length(rows_hash) = 64"),
        # Judging the same rows by the same rule again gives the same row.
        UniqueConstraint("claim", "size", "sweep_id", "judge_hash", "rows_hash"),
        # For the newest judgement of a claim.
        Index(None, "claim", "created_at"),
        # For the cascade when a sweep is deleted.
        Index(None, "sweep_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    claim: Mapped[str] = mapped_column(String(255))
    size: Mapped[ClaimSize] = mapped_column(stored_by_value(ClaimSize))
    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"))
    judge_hash: Mapped[str] = mapped_column(String(64))
    rows_hash: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[Verdict] = mapped_column(stored_by_value(Verdict))
    n: Mapped[int]
    estimate: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    evidence: Mapped[dict[str, JsonValue]] = mapped_column(JSON)
    device: Mapped[str]
    versions: Mapped[str]
    seconds: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=database_now())
