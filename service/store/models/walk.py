"""The table of simulated walks: the predicted band of networks without an exact law."""

from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import PackedFloats
from service.store.constraints import rule
from service.store.models.base import Base


class Walk(Base):
    """The predicted law of the error's log norm by layer; many trials share one.

    Attributes:
        id: A function of the network's configuration and of how it was simulated, so that the
            same one is never stored twice.
        means: Mean of ``ln(|delta_d| / |delta_D|)`` in hidden layers d = 1..D, in nats.
        deviations: Standard deviations of those.
    """

    __tablename__ = "walks"
    __table_args__ = (rule("deviations_are_beside_means", "length(deviations) = length(means)"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    means: Mapped[tuple[float, ...]] = mapped_column(PackedFloats())
    deviations: Mapped[tuple[float, ...]] = mapped_column(PackedFloats())
