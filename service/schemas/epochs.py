"""Schemas of a trial's curve."""

from uuid import UUID

from pydantic import Field

from service.schemas.base import Schema


class EpochRead(Schema):
    """What one epoch measured, with the weights at its end; epoch 0 is the initial network."""

    epoch: int
    attempt: int
    step: int = Field(description="Optimizer steps so far.")
    train_loss: float = Field(description="Of a full pass over the training set.")
    train_error: float | None = Field(description="Fraction misclassified; null if autoencoding.")
    eval_loss: float
    eval_error: float | None
    running_loss: float | None = Field(description="Mean of the epoch's minibatch losses.")
    lr: float | None = Field(description="Learning rate of the epoch's last step.")
    log_grad_norm_first: float | None = Field(description="ln of the first matrix's gradient norm.")
    log_grad_norm_last: float | None = Field(description="ln of the last matrix's gradient norm.")
    seconds: float


class EpochList(Schema):
    """A trial's curve."""

    trial_id: UUID
    epochs: tuple[EpochRead, ...]
