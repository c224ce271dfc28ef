"""Early stopping in the database: progress and measures of trials, and decisions as events."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from service.lifecycle import TrialState
from service.store import leases, summaries
from service.store.database import WriteSession
from service.store.leases import Claim
from service.store.models import Epoch, Event, Trial
from workers.contract import Outcome, StoppingDecision, StoppingMetric, TrialEnd

EVENT_KIND = "stopping"
"""The kind of an event that records a stopping decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialProgress:
    """Progress of a trial, from which a rung of successive halving is judged.

    Attributes:
        trial_id: The trial.
        epochs: Number of planned epochs.
        epochs_done: The largest epoch that has a row; None if no epoch has one.
        outcome: The outcome; None while the trial has none.
    """

    trial_id: UUID
    epochs: int
    epochs_done: int | None
    outcome: Outcome | None


def progress_of_trials(session: Session, sweep_id: UUID) -> list[TrialProgress]:
    """Return the progress of every trial of a sweep, in the order of the plan."""
    rows = session.execute(
        select(Trial.id, Trial.planned_epochs, Trial.epochs_done, Trial.outcome)
        .where(Trial.sweep_id == sweep_id)
        .order_by(Trial.number)
    )
    return [
        TrialProgress(trial_id=trial_id, epochs=epochs, epochs_done=done, outcome=outcome)
        for trial_id, epochs, done, outcome in rows
    ]


def values_at(
    session: Session, sweep_id: UUID, metric: StoppingMetric, epoch: int
) -> dict[UUID, float]:
    """Return a sweep's values of a metric at one epoch, by trial; trials without one are absent."""
    column = getattr(Epoch, metric.value)
    rows = session.execute(
        select(Epoch.trial_id, column)
        .join(Trial, Trial.id == Epoch.trial_id)
        .where(Trial.sweep_id == sweep_id, Epoch.epoch == epoch, column.is_not(None))
    )
    return dict(rows.all())


def curves_of_done(
    session: Session, sweep_id: UUID, metric: StoppingMetric
) -> dict[UUID, dict[int, float]]:
    """Return a metric's values from epoch 1 on, by trial and epoch, for the sweep's done trials."""
    column = getattr(Epoch, metric.value)
    rows = session.execute(
        select(Epoch.trial_id, Epoch.epoch, column)
        .join(Trial, Trial.id == Epoch.trial_id)
        .where(
            Trial.sweep_id == sweep_id,
            Trial.state == TrialState.DONE,
            Epoch.epoch >= 1,
            column.is_not(None),
        )
        .order_by(Trial.number, Epoch.epoch)
    )
    curves: dict[UUID, dict[int, float]] = {}
    for trial_id, epoch, value in rows:
        curves.setdefault(trial_id, {})[epoch] = value
    return curves


def record_decisions(
    session: WriteSession, sweep_id: UUID, decisions: Sequence[StoppingDecision]
) -> None:
    """Add an event for each decision that has none yet.

    A trial that is trained again after a crash can get another decision at the same epoch, which is
    an event of its own.

    Args:
        session: The transaction, which has locked the sweep.
        sweep_id: The sweep.
        decisions: Decisions about its trials; may be empty, or repeat earlier ones.
    """
    known = _known(session, sweep_id, {decision.trial_id for decision in decisions})
    rows = [
        {"sweep_id": sweep_id, "trial_id": d.trial_id, "kind": EVENT_KIND, "detail": _detail(d)}
        for d in dict.fromkeys(decisions)
        if (d.trial_id, _text(_detail(d))) not in known
    ]
    if rows:
        session.execute(insert(Event), rows)


def end_stopped(session: WriteSession, claim: Claim, decisions: Sequence[StoppingDecision]) -> None:
    """End the trials that were not kept as stopped, and add an event for each decision.

    Raises:
        FencedOutError: The claim is void.
    """
    leases.hold(session, claim)
    record_decisions(session, claim.sweep_id, decisions)
    summaries.end(
        session,
        [
            TrialEnd(trial_id=d.trial_id, outcome=Outcome.STOPPED, message=d.words())
            for d in decisions
            if not d.kept
        ],
    )


def _known(
    session: WriteSession, sweep_id: UUID, trial_ids: Iterable[UUID]
) -> set[tuple[UUID | None, str]]:
    """Return the trial and the detail, as text, of every stopping event of some trials."""
    ids = list(trial_ids)
    found: set[tuple[UUID | None, str]] = set()
    for start in range(0, len(ids), _IDS_PER_QUERY):
        rows = session.execute(
            select(Event.trial_id, Event.detail).where(
                Event.sweep_id == sweep_id,
                Event.kind == EVENT_KIND,
                Event.trial_id.in_(ids[start : start + _IDS_PER_QUERY]),
            )
        )
        found |= {(trial_id, _text(detail or {})) for trial_id, detail in rows}
    return found


def _text(detail: Mapping[str, JsonValue]) -> str:
    # A dict cannot be in a set; with sorted keys equal details have equal texts.
    return json.dumps(detail, sort_keys=True)


def _detail(decision: StoppingDecision) -> Mapping[str, JsonValue]:
    return {
        "epoch": decision.epoch,
        "rule": decision.rule.value,
        "metric": decision.metric.value,
        "value": decision.value,
        "cutoff": decision.cutoff,
        "kept": decision.kept,
        "group": decision.group,
        "n_others": decision.n_others,
    }


# SQLite accepts at most 32,766 parameters in one statement.
_IDS_PER_QUERY = 10_000
