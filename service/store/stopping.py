"""Early stopping in the store: decisions as events, and the rungs that rows make."""

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
"""Of the events, one for each decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialProgress:
    """How far a trial came, for a rung that is judged by rows.

    Attributes:
        trial_id: The trial.
        epochs: Epochs that it is planned to have.
        epochs_done: The largest epoch that has a row; None if there is none.
        outcome: None while it has none.
    """

    trial_id: UUID
    epochs: int
    epochs_done: int | None
    outcome: Outcome | None


def progress_of_trials(session: Session, sweep_id: UUID) -> list[TrialProgress]:
    """Return all trials of a sweep in the order of the plan."""
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
    """Return what the trials of a sweep measured at an epoch."""
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
    """Return the curves, from epoch 1, of the trials of a sweep that have an outcome."""
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
    """Record decisions as events; one that is told again is one event still.

    A trial that is trained again after a crash may be judged otherwise, which is another one.
    The caller holds the sweep.
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
    """End the trials that a rung does not keep, with their events, in one transaction.

    Raises:
        FencedOutError: The claim is not good any more.
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


# Trials looked up at once; SQLite takes at most 32,766 parameters.
_IDS_PER_QUERY = 10_000
