"""Schemas of a trial's layer profiles."""

from uuid import UUID

from pydantic import Field

from service.schemas.base import Schema


class LayerProfileRead(Schema):
    """Log norms of each layer at one epoch, input side first; null where a norm is 0."""

    epoch: int
    attempt: int = Field(description="Attempt of the trial that measured it, from 1.")
    activation_log_norms: tuple[float | None, ...] = Field(
        description="ln of the norm of each hidden layer's activations, mean over samples."
    )
    error_log_norms: tuple[float | None, ...] = Field(
        description=(
            "ln of the norm of the loss gradient with respect to each hidden layer's activations, "
            "mean over samples."
        )
    )
    gradient_log_norms: tuple[float | None, ...] = Field(
        description="ln of the norm of each weight matrix's loss gradient, output included."
    )


class ErrorBand(Schema):
    """Predicted log norm of one hidden layer's error, minus that of the last hidden layer."""

    mean: float = Field(description="Mean over initial networks, in nats.")
    sd: float = Field(
        ge=0, description="Standard deviation over initial networks, for one sample, in nats."
    )


class LayerList(Schema):
    """A trial's layer profiles beside the prediction for its initial network."""

    trial_id: UUID
    z_init: float | None = Field(description="The `z_init` of the trial.")
    predicted: tuple[ErrorBand, ...] | None = Field(
        description="By hidden layer, input side first; null without a prediction."
    )
    profiles: tuple[LayerProfileRead, ...]
