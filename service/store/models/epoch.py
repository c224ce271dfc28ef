"""The table of epochs, which holds the learning curves."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from service.store.constraints import at_least, finite, fraction, rule
from service.store.models.base import Base


class Epoch(Base):
    """Measures of one epoch of one trial: the fields of `EpochRecord`, and the attempt.

    The first record of an epoch is kept; later ones are dropped.

    Attributes:
        trial_id: The trial.
        epoch: Number of the epoch; 0 is the initial network.
        attempt: The trial's attempt in which it was recorded.
    """

    __tablename__ = "epochs"
    __table_args__ = (
        at_least("epoch", 0),
        at_least("attempt", 1),
        at_least("step", 0),
        *finite("train_loss", "eval_loss", "running_loss", "lr"),
        *finite("log_grad_norm_first", "log_grad_norm_last", "seconds"),
        fraction("train_error"),
        fraction("eval_error"),
        rule("errors_are_of_the_task", "(train_error IS NULL) = (eval_error IS NULL)"),
        # SQLite then stores rows in the order of the primary key: a curve lies in one place.
        {"sqlite_with_rowid": False},
    )

    trial_id: Mapped[UUID] = mapped_column(
        ForeignKey("trials.id", ondelete="CASCADE"), primary_key=True
    )
    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    attempt: Mapped[int]
    step: Mapped[int] = mapped_column(BigInteger)
    train_loss: Mapped[float]
    train_error: Mapped[float | None]
    eval_loss: Mapped[float]
    eval_error: Mapped[float | None]
    running_loss: Mapped[float | None]
    lr: Mapped[float | None]
    log_grad_norm_first: Mapped[float | None]
    log_grad_norm_last: Mapped[float | None]
    seconds: Mapped[float]
