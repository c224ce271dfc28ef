"""The table of events, a log for each sweep."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import BigInt, database_now
from service.store.models.base import Base


class Event(Base):
    """An event of a sweep or of one of its trials.

    Attributes:
        id: Rising number; within a sweep, an event that becomes visible later has a larger one.
        sweep_id: The sweep.
        trial_id: The trial concerned; None if the event is about the sweep.
        kind: Type of the event.
        detail: Further values, by name.
        at: Time of the event.
    """

    __tablename__ = "events"
    __table_args__ = (
        # For readers that ask for events after an id.
        Index(None, "sweep_id", "id"),
        # For the cascade when a trial is deleted.
        Index(None, "trial_id"),
        # Without it SQLite would use the largest id again after its sweep was deleted, and a reader
        # that remembers the id would miss the new event.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(BigInt, primary_key=True)
    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"))
    trial_id: Mapped[UUID | None] = mapped_column(ForeignKey("trials.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(64))
    detail: Mapped[dict[str, JsonValue] | None] = mapped_column(JSON(none_as_null=True))
    at: Mapped[datetime] = mapped_column(default=database_now())
