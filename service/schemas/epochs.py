"""Schemas of a trial's curve."""

from uuid import UUID

from pydantic import Field

from service.schemas.base import Schema


class EpochRead(Schema):
    """Measurements with the weights at the end of an epoch; epoch 0 is the initial network."""

    epoch: int
    attempt: int = Field(description="Attempt of the trial that measured it, from 1.")
    step: int = Field(description="Optimizer steps so far.")
    train_loss: float = Field(description="Mean loss of a full pass over the training set.")
    train_error: float | None = Field(description="Fraction misclassified; null for autoencoding.")
    eval_loss: float = Field(description="Mean loss over the evaluation set.")
    eval_error: float | None = Field(
        description="Fraction misclassified in the evaluation set; null for autoencoding."
    )
    running_loss: float | None = Field(
        description="Mean of the losses of the epoch's training steps; null at epoch 0."
    )
    lr: float | None = Field(description="Learning rate of the epoch's last step; null at epoch 0.")
    log_grad_norm_first: float | None = Field(description="ln of the first matrix's gradient norm.")
    log_grad_norm_last: float | None = Field(description="ln of the last matrix's gradient norm.")
    seconds: float = Field(description="Duration of the epoch.")


class EpochList(Schema):
    """A trial's curve."""

    trial_id: UUID
    epochs: tuple[EpochRead, ...]
