"""The table of layer profiles: what a network looks like from inside, at chosen epochs."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import PackedFloats
from service.store.constraints import at_least, rule
from service.store.models.base import Base

LogNorms = tuple[float | None, ...]


class LayerProfile(Base):
    """One profile of one trial: the fields of the report of that name, and the attempt.

    The first profile of an epoch stays; the same one told again is dropped.

    Attributes:
        trial_id: The trial.
        epoch: 0 is the initial network.
        attempt: Of the trial, at that time.
        activation_log_norms: One for each hidden layer, from the input.
        error_log_norms: Likewise.
        gradient_log_norms: One for each matrix, so one more.
    """

    __tablename__ = "layer_profiles"
    __table_args__ = (
        at_least("epoch", 0),
        at_least("attempt", 1),
        rule(
            "errors_are_beside_activations",
            "length(error_log_norms) = length(activation_log_norms)",
        ),
        rule(
            "gradients_are_one_more",  # a number has 8 bytes
            "length(gradient_log_norms) = length(activation_log_norms) + 8",
        ),
    )

    trial_id: Mapped[UUID] = mapped_column(
        ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True
    )
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    activation_log_norms: Mapped[LogNorms] = mapped_column(PackedFloats())
    error_log_norms: Mapped[LogNorms] = mapped_column(PackedFloats())
    gradient_log_norms: Mapped[LogNorms] = mapped_column(PackedFloats())
