"""How one run of a sweep ends, written in one transaction with the end of its lease."""

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
    GIVEN_BACK = "given_back"  # the driver was told to stop; the sweep stays claimable
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

# What becomes of trials that a sweep's end leaves without an outcome.
_LEFTOVERS = {
    ExitReason.CANCELLED: Outcome.CANCELLED,
    ExitReason.DEADLINE: Outcome.STOPPED,
    ExitReason.FAILED: Outcome.CANCELLED,
}


def conclude(
    database: Database, claim: Claim, ending: ExitReason, *, message: str | None = None
) -> SweepState:
    """End a run: leftovers get their outcome, the sweep its state, the lease its end.

    A request to cancel or pause that arrived since the run stopped is honoured: it decides over
    a driver that merely gives the sweep back. A sweep without leftovers has completed,
    whatever it was asked meanwhile.

    Args:
        database: The store.
        claim: Held; nothing is written by a driver that lost it.
        ending: Why the run stopped.
        message: What went wrong, for a person.

    Returns:
        The sweep's new state.

    Raises:
        FencedOutError: Another driver has taken the sweep over.
    """
    with database.write() as session:
        locked = leases.hold(session, claim)
        settled = _settled(session, claim, ending, locked.state)
        outcome = _LEFTOVERS.get(settled)
        if outcome is not None:
            trials.end_unfinished(session, claim.sweep_id, outcome, message)
        state = sweeps.move(session, claim.sweep_id, _STATE[settled], message=message).state
    event(log, logging.INFO, "concluded", sweep=claim.sweep_id, ending=settled, state=state)
    return state


def _settled(
    session: WriteSession, claim: Claim, ending: ExitReason, state: SweepState
) -> ExitReason:
    if ending is ExitReason.FAILED:
        return ending
    planned = trials.is_planned(session, claim.sweep_id)
    if planned and not has_unfinished(session, claim.sweep_id):
        return ExitReason.FINISHED
    if ending in (ExitReason.GIVEN_BACK, ExitReason.PAUSED):
        return REQUESTED.get(state, ending)
    return ending


REQUESTED = {
    SweepState.PAUSING: ExitReason.PAUSED,
    SweepState.CANCELLING: ExitReason.CANCELLED,
}
"""What a sweep in one of these states asks of whoever runs it."""
