"""The table of events: what happened to a sweep, in order."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import BigInt, database_now
from service.store.models.base import Base


class Event(Base):
    """One thing that happened.

    Attributes:
        id: Rises; within a sweep, an event that becomes visible later has a higher one.
        sweep_id: The sweep.
        trial_id: The trial it is about, or None.
        kind: What happened.
        detail: More, by name.
        at: When.
    """

    __tablename__ = "events"
    __table_args__ = (
        # For "what is new since"; a trial's events go with it.
        Index(None, "sweep_id", "id"),
        Index(None, "trial_id"),
        # Ids are not used again after a sweep was deleted.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"))
    trial_id: Mapped[UUID | None] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, JsonValue] | None] = mapped_column(JSON(none_as_null=True))
    at: Mapped[datetime] = mapped_column(default=database_now())
