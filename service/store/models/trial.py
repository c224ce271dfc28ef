"""The table of trials: what was asked, what it was resolved to, and what came of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.enums import GMode
from service.lifecycle import TrialState
from service.store.column_types import ScheduleJson, WholeNumbers, stored_by_value
from service.store.constraints import at_least, finite, fraction, one_of, rule
from service.store.models.base import Base
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


class Trial(Base):
    """One planned trial.

    The columns from `dataset` to `profile_epochs` are the fields of `TrialSpec`, with the
    learning rate called `effective_lr`; they never change. Those of `Written` follow. The rest
    is what happened: a trial that is done changes no more until a retry.

    Attributes:
        id: Derived from the sweep and the trial's coordinates and seed.
        sweep_id: The sweep.
        number: Position in the plan, from 0; an extension appends.
        schedule: The whole schedule; its kind stands in `schedule_kind` as well.
        g_mode: How g was written.
        g_relative: g over the unbiased one, where the spec says so.
        width_parameters: Parameter budget that the width was solved from.
        lr: Learning rate as written.
        lr_depth_power: Power of depth that was applied to it.
        outcome: Set once the trial is done.
        attempt: 1, and one more for each retry.
        epochs_done: Highest epoch recorded; 0 is the initial network, None means nothing yet.
        final_train_loss: Of the epoch `epochs_done`; likewise the other final ones.
        best_train_loss: Lowest over the recorded epochs; likewise the other best ones.
        walk_id: The predicted law by layer, where it is simulated.
        z_init: Walk of the initial network in predicted standard deviations from its mean.
        diverged_epoch: Epoch of the first loss that was not finite.
        diverged_step: Optimizer step of that loss.
        message: What went wrong, for a person.
        seconds: Sum over the recorded epochs.
        host: Machine of the last worker; likewise `device`, `versions`.
        started_at: When a worker first took it up in this attempt.
        ended_at: When it was done.
    """

    __tablename__ = "trials"
    __table_args__ = (
        one_of("task", Task),
        one_of("activation", Activation),
        one_of("scheme", Scheme),
        one_of("optimizer", OptimizerKind),
        one_of("schedule_kind", ScheduleKind),
        one_of("precision", Precision),
        one_of("engine", EngineName),
        one_of("g_mode", GMode),
        one_of("state", TrialState),
        one_of("outcome", Outcome),
        at_least("number", 0),
        at_least("depth", 1),
        at_least("width", 1),
        at_least("epochs", 0),
        at_least("batch_size", 1),
        at_least("attempt", 1),
        *finite("slope", "g", "g_in", "g_out", "momentum", "weight_decay", "clip_norm"),
        *finite("beta1", "beta2", "eps", "effective_lr", "g_relative", "lr", "lr_depth_power"),
        *finite("final_train_loss", "final_eval_loss", "best_train_loss", "best_eval_loss"),
        *finite("z_init", "seconds", "predicted_drift", "predicted_spread"),
        at_least("predicted_spread", 0),
        rule("predictions_are_whole", "(predicted_drift IS NULL) = (predicted_spread IS NULL)"),
        fraction("final_train_error"),
        fraction("final_eval_error"),
        fraction("best_train_error"),
        fraction("best_eval_error"),
        rule("epochs_done_range", "epochs_done BETWEEN 0 AND epochs"),
        rule("outcome_is_of_an_end", "(outcome IS NOT NULL) = (state = 'done')"),
        rule("ended_at_is_of_an_end", "(ended_at IS NOT NULL) = (state = 'done')"),
        rule(
            "diverged_epoch_is_of_divergence",
            "(diverged_epoch IS NOT NULL) = (coalesce(outcome, '') = 'diverged')",
        ),
        rule("divergence_is_whole", "(diverged_epoch IS NULL) = (diverged_step IS NULL)"),
        rule("diverged_epoch_range", "diverged_epoch >= 0 AND diverged_step >= 0"),
        rule("relative_g_is_written", "g_mode <> 'relative' OR g_relative IS NOT NULL"),
        rule("final_is_of_an_epoch", "(final_train_loss IS NULL) = (epochs_done IS NULL)"),
        rule("eval_is_beside_train", "(final_eval_loss IS NULL) = (epochs_done IS NULL)"),
        rule("best_train_is_no_worse", "best_train_loss <= final_train_loss"),
        rule("best_eval_is_no_worse", "best_eval_loss <= final_eval_loss"),
        # For pages, and for counts by sweep.
        UniqueConstraint("sweep_id", "number"),
        Index(None, "sweep_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    sweep_id: Mapped[UUID] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"))
    number: Mapped[int]

    dataset: Mapped[str] = mapped_column(String(255))
    task: Mapped[Task] = mapped_column(stored_by_value(Task))
    kind: Mapped[str] = mapped_column(String(32))
    activation: Mapped[Activation] = mapped_column(stored_by_value(Activation))
    slope: Mapped[float]
    depth: Mapped[int]
    width: Mapped[int]
    scheme: Mapped[Scheme] = mapped_column(stored_by_value(Scheme))
    g: Mapped[float]
    g_in: Mapped[float]
    g_out: Mapped[float]
    epochs: Mapped[int]
    batch_size: Mapped[int]
    optimizer: Mapped[OptimizerKind] = mapped_column(stored_by_value(OptimizerKind))
    momentum: Mapped[float]
    nesterov: Mapped[bool]
    weight_decay: Mapped[float]
    clip_norm: Mapped[float | None]
    beta1: Mapped[float]
    beta2: Mapped[float]
    eps: Mapped[float]
    effective_lr: Mapped[float]
    schedule_kind: Mapped[ScheduleKind] = mapped_column(stored_by_value(ScheduleKind))
    schedule: Mapped[Schedule] = mapped_column(ScheduleJson())
    precision: Mapped[Precision] = mapped_column(stored_by_value(Precision))
    seed: Mapped[int] = mapped_column(BigInteger)
    engine: Mapped[EngineName] = mapped_column(stored_by_value(EngineName))
    profile_epochs: Mapped[tuple[int, ...]] = mapped_column(WholeNumbers())
    predicted_drift: Mapped[float | None]
    predicted_spread: Mapped[float | None]
    walk_id: Mapped[UUID | None] = mapped_column(ForeignKey("walks.id"))

    g_mode: Mapped[GMode] = mapped_column(stored_by_value(GMode))
    g_relative: Mapped[float | None]
    width_parameters: Mapped[int | None] = mapped_column(BigInteger)
    lr: Mapped[float]
    lr_depth_power: Mapped[float]

    state: Mapped[TrialState] = mapped_column(
        stored_by_value(TrialState), default=TrialState.PENDING
    )
    outcome: Mapped[Outcome | None] = mapped_column(stored_by_value(Outcome))
    attempt: Mapped[int] = mapped_column(default=1)
    epochs_done: Mapped[int | None]
    final_train_loss: Mapped[float | None]
    final_train_error: Mapped[float | None]
    final_eval_loss: Mapped[float | None]
    final_eval_error: Mapped[float | None]
    best_train_loss: Mapped[float | None]
    best_train_error: Mapped[float | None]
    best_eval_loss: Mapped[float | None]
    best_eval_error: Mapped[float | None]
    z_init: Mapped[float | None]
    diverged_epoch: Mapped[int | None]
    diverged_step: Mapped[int | None] = mapped_column(BigInteger)
    message: Mapped[str | None]
    seconds: Mapped[float] = mapped_column(default=0.0)
    host: Mapped[str | None]
    device: Mapped[str | None]
    versions: Mapped[str | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
