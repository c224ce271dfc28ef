"""Counts of a sweep's trials by state and outcome, and of its epochs."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from service.lifecycle import TrialState
from service.store.models import Trial
from workers.contract import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Numbers of trials and epochs of a sweep.

    Attributes:
        pending: Trials that no worker has started.
        running: Trials that a worker has started.
        outcomes: Done trials by outcome; every outcome has an entry.
        epochs_done: Epochs recorded so far, epoch 0 included.
        epochs_total: Epochs that will be recorded if every unfinished trial runs to its end. A done
            trial counts with its recorded epochs, so that an ended sweep has done its total.
    """

    pending: int
    running: int
    outcomes: Mapping[Outcome, int]
    epochs_done: int
    epochs_total: int

    @property
    def done(self) -> int:
        """Number of trials that have an outcome."""
        return sum(self.outcomes.values())


def counts(session: Session, sweep_ids: Iterable[UUID]) -> Mapping[UUID, Counts]:
    """Return the counts of several sweeps by id, from one query.

    A sweep that is not planned yet, or does not exist, has zeros.
    """
    # Epochs are numbered from 0, the initial network: one more than the number of the last.
    recorded = func.coalesce(Trial.epochs_done + 1, 0)
    expected = case((Trial.state == TrialState.DONE, recorded), else_=Trial.planned_epochs + 1)
    tallies = {sweep_id: _Tally() for sweep_id in sweep_ids}
    rows = session.execute(
        select(
            Trial.sweep_id,
            Trial.state,
            Trial.outcome,
            func.count(),
            func.sum(recorded),
            func.sum(expected),
        )
        .where(Trial.sweep_id.in_(tallies))
        .group_by(Trial.sweep_id, Trial.state, Trial.outcome)
    )
    for sweep_id, state, outcome, trials, epochs_done, epochs_total in rows:
        tallies[sweep_id].add(state, outcome, trials, epochs_done, epochs_total)
    return {sweep_id: tally.counts() for sweep_id, tally in tallies.items()}


class _Tally:
    def __init__(self) -> None:
        self._states = dict.fromkeys(TrialState, 0)
        self._outcomes = dict.fromkeys(Outcome, 0)
        self._epochs_done = 0
        self._epochs_total = 0

    def add(
        self,
        state: TrialState,
        outcome: Outcome | None,
        trials: int,
        epochs_done: int,
        epochs_total: int,
    ) -> None:
        self._states[state] += trials
        if outcome is not None:
            self._outcomes[outcome] += trials
        # PostgreSQL sums integers to a wider type, which the driver may give as a Decimal.
        self._epochs_done += int(epochs_done)
        self._epochs_total += int(epochs_total)

    def counts(self) -> Counts:
        return Counts(
            pending=self._states[TrialState.PENDING],
            running=self._states[TrialState.RUNNING],
            outcomes=self._outcomes,
            epochs_done=self._epochs_done,
            epochs_total=self._epochs_total,
        )
