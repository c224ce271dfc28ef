"""Schemas of sweeps."""

from datetime import datetime
from uuid import UUID

from pydantic import Field, JsonValue

from service.enums import Media
from service.lifecycle import ENDED, SweepState
from service.schemas.base import OpenEnum, Schema


class SweepCounts(Schema):
    """A sweep's trials by state and outcome; all 0 until the sweep is planned."""

    pending: int = Field(description="No worker has had them yet, or theirs is gone.")
    running: int
    completed: int
    diverged: int = Field(description="A loss was not finite: a result, not a failure.")
    stopped: int = Field(description="Ended by early stopping or a deadline.")
    failed: int
    cancelled: int

    @property
    def done(self) -> int:
        """Trials with an outcome."""
        return self.completed + self.diverged + self.stopped + self.failed + self.cancelled


class SweepRead(Schema):
    """A sweep and how far it is."""

    id: UUID
    name: str
    state: OpenEnum[SweepState]
    n_trials: int = Field(description="Planned trials; an upper bound until it is planned.")
    counts: SweepCounts
    epochs_done: int = Field(description="Epochs trained, over all trials.")
    epochs_total: int = Field(description="Epochs that its trials were planned for.")
    progress: float = Field(ge=0, le=1, description="Share of the work that is behind.")
    eta_seconds: float | None = Field(
        ge=0,
        description=(
            "Predicted seconds to the end, from the measured speed of the workers' devices and of "
            "this sweep, as if early stopping ended nobody else; null unless it runs, and while "
            "nothing is known."
        ),
    )
    priority: int
    tags: dict[str, JsonValue]
    spec_hash: str = Field(description="SHA-256 of the spec's canonical JSON.")
    message: str | None = Field(description="Why it failed.")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether every planned trial has an outcome."""
        return self.state in ENDED


class SweepDetail(SweepRead):
    """A sweep with its spec."""

    spec_text: str = Field(description="The spec as it was sent.")
    spec_media: OpenEnum[Media] = Field(description="Language of `spec_text`.")


class SweepPage(Schema):
    """Some sweeps."""

    sweeps: tuple[SweepRead, ...]
    next_page_token: str = Field(description="Pass it as `page_token`; empty after the last page.")
