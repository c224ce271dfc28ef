"""Schemas of a trial's layer profiles."""

from uuid import UUID

from pydantic import Field

from service.schemas.base import Schema


class LayerProfileRead(Schema):
    """Log norms by layer, input side first; null where a norm is 0."""

    epoch: int
    attempt: int
    activation_log_norms: tuple[float | None, ...] = Field(
        description="ln of the norm of each hidden layer's activations, mean over a batch."
    )
    error_log_norms: tuple[float | None, ...] = Field(
        description=(
            "ln of the norm of the loss gradient with respect to each hidden layer's activations, "
            "mean over a batch."
        )
    )
    gradient_log_norms: tuple[float | None, ...] = Field(
        description="ln of the norm of each matrix's loss gradient; one more than hidden layers."
    )


class ErrorBand(Schema):
    """Predicted law of one hidden layer's log error norm, less the last hidden layer's."""

    mean: float = Field(description="Over initial networks, in nats.")
    sd: float = Field(ge=0, description="Over initial networks, for one sample, in nats.")


class LayerList(Schema):
    """A trial's layer profiles beside the prediction for its initial network."""

    trial_id: UUID
    z_init: float | None = Field(description="The trial's `z_init`.")
    predicted: tuple[ErrorBand, ...] | None = Field(
        description="By hidden layer, input side first; null where there is no prediction."
    )
    profiles: tuple[LayerProfileRead, ...]
