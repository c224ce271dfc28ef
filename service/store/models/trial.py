"""The table of trials: a seed of a configuration, where it stands and what came of it."""

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
    """One planned trial; one that is done changes no more until a retry.

    Attributes:
        id: Derived from the sweep, the configuration's coordinates and the seed.
        sweep_id: The sweep.
        configuration_id: The configuration.
        number: Position in the plan, from 0; an extension appends.
        planned_epochs: The epoch with which it is complete.
        outcome: Set once the trial is done.
        attempt: 1, and one more for each retry.
        epochs_done: Highest epoch recorded; 0 is the initial network, None means nothing yet.
        final_train_loss: Of the epoch `epochs_done`, as the other final numbers.
        best_train_loss: Lowest over the recorded epochs, as the other best numbers.
        z_init: Walk of the initial network in predicted standard deviations from its mean.
        diverged_epoch: Epoch of the first loss that was not finite.
        diverged_step: Optimizer step of that loss.
        message: What went wrong, for a person.
        seconds: Sum over the recorded epochs.
        host: Machine of the last worker.
        device: Its device.
        versions: Its versions.
        started_at: When a worker first took it up in this attempt.
        ended_at: When it was done.
    """

    __tablename__ = "trials"
    __table_args__ = (
        one_of("state", TrialState),
        one_of("outcome", Outcome),
        at_least("number", 0),
        at_least("attempt", 1),
        rule("epochs_done_range", "epochs_done BETWEEN 0 AND planned_epochs"),
        *finite("final_train_loss", "final_eval_loss", "best_train_loss", "best_eval_loss"),
        *finite("z_init", "seconds"),
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
        # For pages, and for counts by sweep.
        UniqueConstraint("sweep_id", "number"),
        UniqueConstraint("configuration_id", "seed"),
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
