"""The table of walks: simulated laws of random networks, by layer."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import PackedFloats
from service.store.constraints import rule
from service.store.models.base import Base


class Walk(Base):
    """The simulated law of the error's log norm by layer; many configurations share one.

    Attributes:
        id: A function of the network and of the simulation's algorithm, so that the same law is
            never stored twice.
        means: Means of ``ln(|delta_d| / |delta_D|)`` in hidden layers d = 1..D, in nats.
        deviations: Standard deviations of the same quantities, in nats.
    """

    __tablename__ = "walks"
    __table_args__ = (rule("deviations_are_beside_means", "length(deviations) = length(means)"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    means: Mapped[tuple[float, ...]] = mapped_column(PackedFloats())
    deviations: Mapped[tuple[float, ...]] = mapped_column(PackedFloats())
