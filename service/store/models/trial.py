"""The table of trials: a seed of a configuration, its state and its results."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from service.lifecycle import TrialState
from service.store.column_types import stored_by_value
from service.store.constraints import at_least, finite, fraction, one_of, rule
from service.store.models.base import Base
from service.store.models.roles import copy, key, result, run, written
from service.store.models.roles import state as state_column
from workers.contract import Outcome


class Trial(Base):
    """A planned trial; a done one changes only by a retry.

    Attributes:
        id: A function of the sweep, the configuration's coordinates and the seed.
        sweep_id: The sweep.
        configuration_id: The configuration.
        number: Position in the plan, from 0; an extension appends.
        planned_epochs: Number of the last epoch of a complete trial.
        outcome: How the trial ended; None until it is done.
        attempt: Number of the attempt: 1, and one more for each retry.
        epochs_done: Highest epoch recorded; 0 is the initial network, None means no epoch.
        final_train_loss: Value at the epoch `epochs_done`; the other final numbers are of the same
            epoch.
        best_train_loss: Lowest value over the recorded epochs; the other best numbers are minima of
            their own.
        walk_init: Walk of the initial network, ``ln(|delta_1| / |delta_D|)`` in nats.
        z_init: That walk less its predicted mean, in predicted standard deviations.
        diverged_epoch: Epoch of the first loss that was not finite.
        diverged_step: Optimizer step of that loss.
        message: Reason of a failure or stop, for a person.
        seconds: Sum of the seconds of the recorded epochs.
        host: Machine of the last worker.
        device: Device of the last worker.
        versions: Software versions of the last worker.
        started_at: Time of the attempt's first start.
        ended_at: Time at which the trial was done.
    """

    __tablename__ = "trials"
    __table_args__ = (
        one_of("state", TrialState),
        one_of("outcome", Outcome),
        at_least("number", 0),
        at_least("attempt", 1),
        rule("epochs_done_range", "epochs_done BETWEEN 0 AND planned_epochs"),
        *finite("final_train_loss", "final_eval_loss", "best_train_loss", "best_eval_loss"),
        *finite("walk_init", "z_init", "seconds"),
        fraction("final_train_error"),
        fraction("final_eval_error"),
        fraction("best_train_error"),
        fraction("best_eval_error"),
        rule("outcome_is_of_an_end", "(outcome IS NOT NULL) = (state = 'done')"),
        rule("ended_at_is_of_an_end", "(ended_at IS NOT NULL) = (state = 'done')"),
        rule(
            "diverged_epoch_is_of_divergence",
            "(diverged_epoch IS NOT NULL) = (coalesce(outcome, '') = 'diverged')",
        ),
        rule("divergence_is_whole", "(diverged_epoch IS NULL) = (diverged_step IS NULL)"),
        rule("diverged_epoch_range", "diverged_epoch >= 0 AND diverged_step >= 0"),
        rule("final_is_of_an_epoch", "(final_train_loss IS NULL) = (epochs_done IS NULL)"),
        rule("eval_is_beside_train", "(final_eval_loss IS NULL) = (epochs_done IS NULL)"),
        rule("best_train_is_no_worse", "best_train_loss <= final_train_loss"),
        rule("best_eval_is_no_worse", "best_eval_loss <= final_eval_loss"),
        # Also the index of lists of a sweep's trials in planning order.
        UniqueConstraint("sweep_id", "number"),
        UniqueConstraint("configuration_id", "seed"),
        # For counts by state, and for the unfinished trials of a sweep.
        Index(None, "sweep_id", "state"),
    )

    id: Mapped[UUID] = key(primary_key=True)
    sweep_id: Mapped[UUID] = key(ForeignKey("sweeps.id", ondelete="CASCADE"))
    configuration_id: Mapped[UUID] = key(ForeignKey("configurations.id", ondelete="CASCADE"))
    number: Mapped[int] = key()
    seed: Mapped[int] = written(BigInteger)
    planned_epochs: Mapped[int] = copy()

    state: Mapped[TrialState] = state_column(
        stored_by_value(TrialState), default=TrialState.PENDING
    )
    attempt: Mapped[int] = state_column(default=1)

    outcome: Mapped[Outcome | None] = result(stored_by_value(Outcome))
    epochs_done: Mapped[int | None] = result()
    final_train_loss: Mapped[float | None] = result()
    final_train_error: Mapped[float | None] = result()
    final_eval_loss: Mapped[float | None] = result()
    final_eval_error: Mapped[float | None] = result()
    best_train_loss: Mapped[float | None] = result()
    best_train_error: Mapped[float | None] = result()
    best_eval_loss: Mapped[float | None] = result()
    best_eval_error: Mapped[float | None] = result()
    walk_init: Mapped[float | None] = result()
    z_init: Mapped[float | None] = result()
    diverged_epoch: Mapped[int | None] = result()
    diverged_step: Mapped[int | None] = result(BigInteger)
    message: Mapped[str | None] = result()

    seconds: Mapped[float] = run(default=0.0)
    host: Mapped[str | None] = run()
    device: Mapped[str | None] = run()
    versions: Mapped[str | None] = run()
    started_at: Mapped[datetime | None] = run()
    ended_at: Mapped[datetime | None] = run()
