"""Sweeps with results that nobody trained, for tests of what is read from the rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from service import planner, spec
from service.services import sweeps as sweep_verbs
from service.spec import Media
from service.store import Database, leases, records, sweeps, trials
from service.store.leases import Claim
from tests.factories import DIGITS, epoch_record
from workers.contract import (
    DatasetShape,
    InitialWalk,
    LayerProfile,
    Outcome,
    Report,
    TrialEnd,
    TrialSpec,
    TrialStart,
)

DATASETS: Mapping[str, DatasetShape] = {"digits": DIGITS}
SPEC = """\
version: 1
name: rows
dataset: {name: digits, task: classify}
network: {activation: relu, depth: [2, 8], width: 16}
init: {scheme: rwi, g: {relative: [0.9, 1.0, 1.1]}}
training: {epochs: 2, lr: 0.05}
seeds: 3
tags: {paper: rwi}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What a trial is said to have done.

    Attributes:
        errors: Training error by epoch; the losses are twice as large.
        outcome: How it ended; None while it runs.
    """

    errors: Sequence[float]
    outcome: Outcome | None = Outcome.COMPLETED


def submit(database: Database, text: str = SPEC, media: Media = Media.YAML) -> UUID:
    """Queue a sweep and return its id."""
    with database.write() as session:
        return sweep_verbs.submit(
            session, text, media, idempotency_key=None, datasets=DATASETS, max_trials=100_000
        ).id


def plan(database: Database) -> Claim:
    """Claim the next sweep, plan it, and return the claim."""
    with database.write() as session:
        claim = leases.claim(session, "driver", 60.0)
        assert claim is not None
        row = sweeps.get(session, claim.sweep_id)
        parsed = spec.parse(row.spec_text, row.spec_media)
        planned = planner.predict(planner.plan(claim.sweep_id, parsed, DATASETS), DATASETS)
        trials.insert_plan(session, claim.sweep_id, planned)
    return claim


def report(database: Database, claim: Claim, result: Callable[[TrialSpec], Result | None]) -> None:
    """Write what every unfinished trial did; None leaves one pending."""
    with database.write() as session:
        reports: list[Report] = []
        for trial in trials.unfinished(session, claim.sweep_id):
            found = result(trial)
            if found is not None:
                reports += _reports(trial.trial_id, found)
        records.write(session, claim, reports)


def filled(
    database: Database, result: Callable[[TrialSpec], Result | None], text: str = SPEC
) -> UUID:
    """Return the id of a sweep that has been run as far as the results go."""
    submit(database, text)
    claim = plan(database)
    report(database, claim, result)
    return claim.sweep_id


def profiled(database: Database, *, activation: str = "relu") -> tuple[UUID, UUID]:
    """Return a sweep, and its first trial, of depth 2 and with profiles of epochs 0 and 2."""
    text = (
        SPEC.replace("activation: relu", f"activation: {activation}") + "profiles: {epochs: [0, 2]}"
    )
    submit(database, text)
    claim = plan(database)
    with database.write() as session:
        trial_id = trials.unfinished(session, claim.sweep_id)[0].trial_id
        found: list[Report] = [InitialWalk(trial_id=trial_id, walk_init=-0.5, z_init=-1.25)]
        found += [_profile(trial_id, epoch) for epoch in (0, 2)]
        records.write(session, claim, found)
    return claim.sweep_id, trial_id


def _profile(trial_id: UUID, epoch: int) -> LayerProfile:
    return LayerProfile(
        trial_id=trial_id,
        epoch=epoch,
        activation_log_norms=(1.0, None),
        error_log_norms=(-0.5, 0.25),
        gradient_log_norms=(-3.0, None, -2.0),
    )


def _reports(trial_id: UUID, result: Result) -> list[Report]:
    records_of = [
        epoch_record(trial_id, epoch, train_loss=2 * error, train_error=error)
        for epoch, error in enumerate(result.errors)
    ]
    started = TrialStart(trial_id=trial_id, host="here", device="cpu", versions="python 3.11")
    if result.outcome is None:
        return [started, *records_of]
    diverged = result.outcome is Outcome.DIVERGED
    end = TrialEnd(
        trial_id=trial_id,
        outcome=result.outcome,
        diverged_epoch=len(result.errors) if diverged else None,
        diverged_step=7 if diverged else None,
        message="out of memory" if result.outcome is Outcome.FAILED else None,
    )
    return [started, *records_of, end]
