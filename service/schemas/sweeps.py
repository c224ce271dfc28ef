"""Schemas of sweeps."""

from datetime import datetime
from uuid import UUID

from pydantic import Field, JsonValue

from service.enums import Media
from service.lifecycle import ENDED, SweepState
from service.schemas.base import OpenEnum, Schema


class SweepCounts(Schema):
    """Number of a sweep's trials by state and outcome; all 0 until the sweep is planned."""

    pending: int = Field(
        description="Waiting for a worker, or for another one because theirs was lost."
    )
    running: int = Field(description="Being trained.")
    completed: int = Field(description="Trained for all planned epochs.")
    diverged: int = Field(
        description="Ended because a loss was not finite; this is a result, not a failure."
    )
    stopped: int = Field(description="Ended by early stopping or a deadline.")
    failed: int = Field(description="Ended by an error.")
    cancelled: int = Field(description="Ended because the sweep was cancelled.")

    @property
    def done(self) -> int:
        """Number of trials that have an outcome."""
        return self.completed + self.diverged + self.stopped + self.failed + self.cancelled


class SweepRead(Schema):
    """A sweep with its state and progress."""

    id: UUID
    name: str
    state: OpenEnum[SweepState]
    n_trials: int = Field(
        description="Number of trials; an upper bound until the sweep is planned."
    )
    counts: SweepCounts
    epochs_done: int = Field(description="Epochs trained, over all trials.")
    epochs_total: int = Field(description="Epochs that are planned, over all trials.")
    progress: float = Field(
        ge=0,
        le=1,
        description="Share of the planned epochs that are done; 1 for a sweep that has ended.",
    )
    eta_seconds: float | None = Field(
        ge=0,
        description=(
            "Predicted seconds until the end, from the measured speed of the workers' devices and "
            "of this sweep. Future early stopping is not counted. Null if the sweep does not run, "
            "or has no estimate yet."
        ),
    )
    priority: int = Field(description="Queued sweeps of higher priority start first.")
    tags: dict[str, JsonValue]
    spec_hash: str = Field(description="SHA-256 of the spec's canonical JSON.")
    message: str | None = Field(description="Why the sweep failed; null if it did not.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether the sweep has ended, so that every planned trial has an outcome."""
        return self.state in ENDED


class SweepDetail(SweepRead):
    """A sweep with its spec."""

    spec_text: str = Field(description="The spec as it was sent.")
    spec_media: OpenEnum[Media] = Field(description="Language of `spec_text`.")


class SweepPage(Schema):
    """A page of sweeps."""

    sweeps: tuple[SweepRead, ...]
    next_page_token: str = Field(
        description="The `page_token` of the next page; empty on the last page."
    )
