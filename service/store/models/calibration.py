"""The table of calibrations, the measured speeds of devices."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import TimingsJson, database_now, stored_by_value
from service.store.constraints import at_least, one_of
from service.store.models.base import Base
from workers.contract import EngineName, Timings


class Calibration(Base):
    """The newest measurement of an engine's speed on a model of device.

    Attributes:
        device: The processor's model; for a CPU with its number of threads.
        engine: Implementation of the training step.
        device_type: `cpu` or `cuda`.
        versions: Versions of the software for which the timings are valid.
        actors: Number of workers that the sweep which measured it had on such devices.
        timings: The measured times; None if another version of Fathom measured them.
        measured_at: Time of the write.
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
