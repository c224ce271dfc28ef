"""The table of measured device speeds."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import TimingsJson, database_now, stored_by_value
from service.store.constraints import at_least, one_of
from service.store.models.base import Base
from workers.contract import EngineName, Timings


class Calibration(Base):
    """How fast a device model runs an engine: the newest measurement.

    Attributes:
        device: The processor's model; for a CPU with its number of threads.
        engine: Implementation of the training step.
        device_type: `cpu` or `cuda`.
        versions: What the timings are good for.
        actors: Workers that a sweep had on such devices when it was measured, or last.
        timings: The measured times; None where another version of Fathom measured others.
        measured_at: When it was written.
    """

    __tablename__ = "calibrations"
    __table_args__ = (one_of("engine", EngineName), at_least("actors", 1))

    device: Mapped[str] = mapped_column(String(255), primary_key=True)
    engine: Mapped[EngineName] = mapped_column(stored_by_value(EngineName), primary_key=True)
    device_type: Mapped[str] = mapped_column(String(32))
    versions: Mapped[str]
    actors: Mapped[int]
    timings: Mapped[Timings | None] = mapped_column(TimingsJson, nullable=False)
    measured_at: Mapped[datetime] = mapped_column(default=database_now())
