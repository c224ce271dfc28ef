"""The table of layer profiles: log norms by layer, at chosen epochs."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.store.column_types import PackedFloats
from service.store.constraints import at_least, rule
from service.store.models.base import Base

LogNorms = tuple[float | None, ...]


class LayerProfile(Base):
    """A layer profile of a trial: the fields of `contract.LayerProfile`, and the attempt.

    The first profile of an epoch is kept; later ones are dropped.

    Attributes:
        trial_id: The trial.
        epoch: Number of the epoch; 0 is the initial network.
        attempt: The trial's attempt in which it was recorded.
        activation_log_norms: One log norm for each hidden layer, input side first, in nats.
        error_log_norms: One log norm for each hidden layer, input side first, in nats.
        gradient_log_norms: One log norm for each weight matrix, input side first, in nats: one more
            than there are hidden layers.
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
