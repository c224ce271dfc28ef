"""Schema of events."""

from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from service.schemas.base import Schema


class EventRead(Schema):
    """An event of a sweep, such as a change of its state."""

    id: int
    sweep_id: UUID
    trial_id: UUID | None
    kind: str
    detail: dict[str, JsonValue] | None
    at: datetime
