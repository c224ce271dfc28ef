"""Schemas of trials."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, TypeAdapter, ValidationInfo

from service.enums import GMode
from service.lifecycle import TrialState
from service.schemas.base import OpenEnum, OrElse, Schema, unknown_member
from workers.contract import (
    Activation,
    EngineName,
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


# The workers' dataclass knows no pydantic, so that its kind cannot be an open enum itself.
OpenSchedule = Annotated[Schedule, OrElse(_schedule_of_unknown_kind)]


class TrialRead(Schema):
    """A trial: what was asked, what it was resolved to, and what came of it.

    With `fields`, only the fields asked for (and `id`) are there.
    """

    id: UUID
    sweep_id: UUID | None = None
    configuration_id: UUID | None = Field(None, description="Trials of several seeds share it.")
    number: int | None = Field(None, description="Position in the plan, from 0.")

    dataset: str | None = None
    task: OpenEnum[Task] | None = None
    kind: str | None = Field(None, description="Architecture.")
    activation: OpenEnum[Activation] | None = None
    slope: float | None = None
    depth: int | None = Field(None, description="Hidden layers.")
    width: int | None = Field(None, description="Units per hidden layer, as resolved.")
    branch_scale: float | None = Field(None, description="Of a residual network, as resolved.")
    scheme: OpenEnum[Scheme] | None = None
    g: float | None = Field(None, description="Of the hidden matrices, as resolved.")
    g_in: float | None = None
    g_out: float | None = None
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
    effective_lr: float | None = Field(None, description="Learning rate after every rule.")
    schedule_kind: OpenEnum[ScheduleKind] | None = None
    schedule: OpenSchedule | None = None
    precision: OpenEnum[Precision] | None = None
    label_smoothing: float | None = Field(
        None, description="Share of each target that is spread evenly over all classes."
    )
    seed: int | None = None
    engine: OpenEnum[EngineName] | None = None
    profile_epochs: tuple[int, ...] | None = Field(
        None, description="Epochs whose layer profiles are recorded."
    )
    predicted_drift: float | None = Field(
        None,
        description=(
            "Mean of the initial network's ln(|delta_1| / |delta_D|) by theory, in nats; null "
            "where there is no prediction."
        ),
    )
    predicted_spread: float | None = Field(None, description="Standard deviation of it.")
    walk_id: UUID | None = Field(None, description="Of the simulation behind it, if it is one.")

    g_mode: OpenEnum[GMode] | None = Field(None, description="How g was written.")
    g_relative: float | None = Field(None, description="g as written, relative to the unbiased.")
    width_parameters: int | None = Field(None, description="Budget the width was solved from.")
    lr: float | None = Field(None, description="Learning rate as written.")
    lr_depth_power: float | None = None

    state: OpenEnum[TrialState] | None = None
    outcome: OpenEnum[Outcome] | None = None
    attempt: int | None = None
    epochs_done: int | None = Field(None, description="Highest epoch recorded; 0 is the start.")
    final_train_loss: float | None = None
    final_train_error: float | None = None
    final_eval_loss: float | None = None
    final_eval_error: float | None = None
    best_train_loss: float | None = None
    best_train_error: float | None = None
    best_eval_loss: float | None = None
    best_eval_error: float | None = None
    z_init: float | None = Field(
        None,
        description=(
            "Log-norm walk of the initial network, in predicted standard deviations from the "
            "predicted mean; null where there is no prediction."
        ),
    )
    diverged_epoch: int | None = None
    diverged_step: int | None = None
    message: str | None = None
    seconds: float | None = Field(None, description="Training time over the recorded epochs.")
    host: str | None = None
    device: str | None = None
    versions: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class TrialPage(Schema):
    """Some trials."""

    trials: tuple[TrialRead, ...]
    next_page_token: str = Field(description="Pass it as `page_token`; empty after the last page.")
