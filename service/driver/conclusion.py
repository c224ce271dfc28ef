"""Conclude a run of a sweep: outcomes, state and end of the lease in one transaction."""

import logging
from enum import StrEnum

from service.lifecycle import SweepState
from service.logs import event
from service.store import Database, WriteSession, leases, sweeps, trials
from service.store.leases import Claim
from service.store.trial_states import has_unfinished
from workers.contract import Outcome

log = logging.getLogger("fathom.driver")


class ExitReason(StrEnum):
    """Why a child stopped running its sweep."""

    FINISHED = "finished"  # every trial has an outcome
    GIVEN_BACK = "given_back"  # the driver stops; the sweep is queued again
    PAUSED = "paused"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"
    FAILED = "failed"


_STATE = {
    ExitReason.FINISHED: SweepState.COMPLETED,
    ExitReason.GIVEN_BACK: SweepState.QUEUED,
    ExitReason.PAUSED: SweepState.PAUSED,
    ExitReason.CANCELLED: SweepState.CANCELLED,
    ExitReason.DEADLINE: SweepState.COMPLETED,
    ExitReason.FAILED: SweepState.FAILED,
}

# Outcome of trials that have none when the sweep ends; absent reasons leave them unfinished.
_LEFTOVER_OUTCOME = {
    ExitReason.CANCELLED: Outcome.CANCELLED,
    ExitReason.DEADLINE: Outcome.STOPPED,
    ExitReason.FAILED: Outcome.CANCELLED,
}


def conclude(
    database: Database, claim: Claim, reason: ExitReason, *, message: str | None = None
) -> SweepState:
    """End a run: set the outcomes of unfinished trials and the sweep's state, and end the lease.

    The reason is corrected where the rows say otherwise. A sweep whose trials all have an outcome
    is completed. A request to pause or cancel that arrived after the run stopped takes precedence
    over giving the sweep back.

    Args:
        database: The store.
        claim: The driver's claim on the sweep.
        reason: Why the run stopped.
        message: Reason of a failure, for a person.

    Returns:
        The sweep's new state.

    Raises:
        FencedOutError: Another driver has taken the sweep over.
    """
    with database.write() as session:
        locked = leases.hold(session, claim)
        final_reason = _final_reason(session, claim, reason, locked.state)
        outcome = _LEFTOVER_OUTCOME.get(final_reason)
        if outcome is not None:
            trials.end_unfinished(session, claim.sweep_id, outcome, message)
        state = sweeps.move(session, claim.sweep_id, _STATE[final_reason], message=message).state
    event(log, logging.INFO, "concluded", sweep=claim.sweep_id, reason=final_reason, state=state)
    return state


def _final_reason(
    session: WriteSession, claim: Claim, reason: ExitReason, state: SweepState
) -> ExitReason:
    """Return the reason to conclude with, given the sweep's present state and trials."""
    if reason is ExitReason.FAILED:
        return reason
    # A sweep that was stopped before its plan was stored has no trials, and is not completed.
    planned = trials.is_planned(session, claim.sweep_id)
    if planned and not has_unfinished(session, claim.sweep_id):
        return ExitReason.FINISHED
    if reason in (ExitReason.GIVEN_BACK, ExitReason.PAUSED):
        return REQUESTED.get(state, reason)
    return reason


REQUESTED = {
    SweepState.PAUSING: ExitReason.PAUSED,
    SweepState.CANCELLING: ExitReason.CANCELLED,
}
"""Reason to end a run, by the state of a sweep that a user has asked to stop."""
