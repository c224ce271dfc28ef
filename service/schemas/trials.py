"""Schemas of trials, with their configuration and results in one flat object."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationInfo

from service.enums import GMode
from service.lifecycle import TrialState
from service.schemas.base import OpenEnum, OrElse, Schema, unknown_member
from workers.architectures import Filter
from workers.contract import (
    Activation,
    EngineName,
    Freeze,
    OptimizerKind,
    Outcome,
    Precision,
    Scheme,
    Task,
)
from workers.schedules import Schedule, ScheduleKind

_SCHEDULE = TypeAdapter(Schedule)


def _schedule_of_unknown_kind(_: type[Schedule], value: object, info: ValidationInfo) -> Schedule:
    if not isinstance(value, dict):
        raise ValueError("must be a schedule")
    kind = unknown_member(ScheduleKind, value.get("kind"), info)
    return replace(_SCHEDULE.validate_python({**value, "kind": ScheduleKind.CONSTANT}), kind=kind)


# `Schedule` is a dataclass without pydantic, so its field `kind` cannot be declared an `OpenEnum`.
OpenSchedule = Annotated[Schedule, OrElse(_schedule_of_unknown_kind)]


class TrialRead(Schema):
    """A trial: its configuration as written and as resolved, its state and its results.

    In a list with `fields`, only those fields and `id` are present.
    """

    id: UUID
    sweep_id: UUID | None = None
    configuration_id: UUID | None = Field(
        None, description="Configuration; trials that differ in the seed alone share one."
    )
    number: int | None = Field(None, description="Position in the plan of the sweep, from 0.")

    dataset: str | None = None
    task: OpenEnum[Task] | None = None
    kind: str | None = Field(None, description="Kind of network, such as `ffn`.")
    activation: OpenEnum[Activation] | None = None
    slope: float | None = Field(None, description="Slope of leaky_relu for negative inputs.")
    depth: int | None = Field(None, description="Number of hidden layers.")
    width: int | None = Field(None, description="Units per hidden layer, as resolved.")
    branch_scale: float | None = Field(
        None, description="Factor of the branches of a residual network, as resolved."
    )
    c: float | None = Field(
        None, description="Strength of all branches of a roaf network: depth times beta."
    )
    alpha: float | None = Field(
        None, description="Factor of the filtered input in a layer of a roaf network."
    )
    beta: float | None = Field(
        None, description="Factor of the branch in a layer of a roaf network."
    )
    filter: OpenEnum[Filter] | None = Field(
        None, description="Law of the fixed orthogonal matrices of a roaf network."
    )
    shared_filter: bool | None = Field(
        None, description="Whether one fixed matrix serves all layers of a roaf network."
    )
    gate_bias: float | None = Field(
        None, description="Initial value of the biases of a highway network's gates."
    )
    scheme: OpenEnum[Scheme] | None = None
    g: float | None = Field(None, description="Factor of the initial hidden matrices, as resolved.")
    g_in: float | None = Field(None, description="Factor of the initial first matrix.")
    g_out: float | None = Field(None, description="Factor of the initial last matrix.")
    epochs: int | None = Field(None, description="Planned epochs.")
    batch_size: int | None = None
    optimizer: OpenEnum[OptimizerKind] | None = None
    momentum: float | None = None
    nesterov: bool | None = None
    weight_decay: float | None = None
    clip_norm: float | None = None
    beta1: float | None = None
    beta2: float | None = None
    eps: float | None = None
    effective_lr: float | None = Field(
        None, description="Learning rate after the rule for depth (`lr_depth_power`)."
    )
    schedule_kind: OpenEnum[ScheduleKind] | None = None
    schedule: OpenSchedule | None = None
    precision: OpenEnum[Precision] | None = None
    label_smoothing: float | None = Field(
        None, description="Share of each target that is spread evenly over all classes."
    )
    branch_lr_factor: float | None = Field(
        None,
        description=(
            "Factor of the learning rate of hidden matrices whose gradients carry the branch gain, "
            "as resolved from `lr_beta_power`."
        ),
    )
    freeze: OpenEnum[Freeze] | None = Field(
        None, description="Part of the network that is not trained."
    )
    seed: int | None = None
    engine: OpenEnum[EngineName] | None = None
    profile_epochs: tuple[int, ...] | None = Field(
        None, description="Epochs whose layer profiles are recorded."
    )
    predicted_drift: float | None = Field(
        None,
        description=(
            "Predicted mean of ln(|delta_1| / |delta_D|) of the initial network, in nats; null "
            "without a prediction."
        ),
    )
    predicted_spread: float | None = Field(
        None, description="Predicted standard deviation of ln(|delta_1| / |delta_D|), in nats."
    )
    walk_id: UUID | None = Field(
        None, description="Simulation that the prediction comes from; null if it is exact."
    )

    g_mode: OpenEnum[GMode] | None = Field(None, description="How the spec states g.")
    g_relative: float | None = Field(None, description="g as written, divided by the unbiased g.")
    width_parameters: int | None = Field(
        None, description="Parameter count from which the width was computed."
    )
    lr: float | None = Field(None, description="Learning rate as written.")
    lr_depth_power: float | None = Field(
        None, description="p in the factor (depth / 10)^p of the learning rate."
    )

    state: OpenEnum[TrialState] | None = None
    outcome: OpenEnum[Outcome] | None = None
    attempt: int | None = Field(None, description="Number of the latest attempt.")
    epochs_done: int | None = Field(
        None, description="Last recorded epoch; epoch 0 is the initial network."
    )
    final_train_loss: float | None = None
    final_train_error: float | None = None
    final_eval_loss: float | None = None
    final_eval_error: float | None = None
    best_train_loss: float | None = None
    best_train_error: float | None = None
    best_eval_loss: float | None = None
    best_eval_error: float | None = None
    walk_init: float | None = Field(
        None,
        description=(
            "Measured ln(|delta_1| / |delta_D|) of the initial network, in nats; null if the error "
            "vanished on its way."
        ),
    )
    z_init: float | None = Field(
        None,
        description=(
            "`walk_init` in predicted standard deviations from the predicted mean; null without a "
            "prediction."
        ),
    )
    diverged_epoch: int | None = Field(None, description="Epoch in which a loss was not finite.")
    diverged_step: int | None = Field(None, description="Optimizer step of that loss.")
    message: str | None = Field(None, description="Why the trial ended, unless it completed.")
    seconds: float | None = Field(None, description="Training time of all recorded epochs.")
    host: str | None = None
    device: str | None = None
    versions: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class TrialPage(Schema):
    """A page of trials."""

    trials: tuple[TrialRead, ...]
    next_page_token: str = Field(
        description="The `page_token` of the next page; empty on the last page."
    )
