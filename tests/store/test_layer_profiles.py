"""Layer profiles and initial walks on their way into the rows."""

import math
from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError, StatementError

from service.lifecycle import SweepState
from service.store import Database, FencedOutError, layer_profiles, records, sweeps, trials
from service.store.leases import Claim
from service.store.models import LayerProfile
from tests.store.builders import claimed_sweep, end, profile, start
from workers import contract
from workers.contract import InitialWalk, Outcome, Report


def _write(database: Database, claim: Claim, *reports: Report) -> None:
    with database.write() as session:
        records.write(session, claim, reports)


def _told(row: LayerProfile) -> contract.LayerProfile:
    return contract.LayerProfile(
        trial_id=row.trial_id,
        epoch=row.epoch,
        activation_log_norms=row.activation_log_norms,
        error_log_norms=row.error_log_norms,
        gradient_log_norms=row.gradient_log_norms,
    )


def test_profiles_come_back_as_they_were_told_missing_values_too(database: Database) -> None:
    claim, (trial_id, other) = claimed_sweep(database)
    told = [profile(trial_id, epoch, depth=1000) for epoch in (0, 3)]

    _write(database, claim, *reversed(told), profile(other, 0))

    with database.read() as session:
        rows = layer_profiles.of_trial(session, trial_id)
        (third,) = layer_profiles.of_trial(session, trial_id, 3)
        assert layer_profiles.of_trial(session, trial_id, 1) == []
    assert [_told(row) for row in rows] == told
    assert _told(third) == told[1]
    assert {row.attempt for row in rows} == {1}


def test_the_first_profile_of_an_epoch_stays(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    told = profile(trial_id, 0)
    later = replace(told, error_log_norms=(1.0,) * 8)

    _write(database, claim, told, later)
    _write(database, claim, later)

    with database.read() as session:
        assert [_told(row) for row in layer_profiles.of_trial(session, trial_id)] == [told]


def test_an_initial_walk_stands_in_the_trial_however_often_it_is_told(database: Database) -> None:
    claim, (trial_id, other) = claimed_sweep(database)
    walk = InitialWalk(trial_id=trial_id, walk_init=-0.5, z_init=-0.75)

    _write(
        database,
        claim,
        start(trial_id),
        walk,
        walk,
        InitialWalk(trial_id=other, walk_init=-0.5, z_init=None),
    )
    _write(database, claim, walk)

    with database.read() as session:
        assert trials.get(session, trial_id).z_init == -0.75
        assert trials.get(session, trial_id).walk_init == -0.5
        assert trials.get(session, other).z_init is None


def test_a_trial_that_is_done_takes_neither(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    _write(database, claim, start(trial_id), end(trial_id, Outcome.CANCELLED))

    _write(
        database,
        claim,
        profile(trial_id, 0),
        InitialWalk(trial_id=trial_id, walk_init=-0.5, z_init=1.0),
    )

    with database.read() as session:
        assert layer_profiles.of_trial(session, trial_id) == []
        assert trials.get(session, trial_id).z_init is None


def test_a_claim_that_lost_its_fence_writes_no_profile(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)

    with pytest.raises(FencedOutError):
        _write(database, replace(claim, fence=claim.fence - 1), profile(trial_id, 0))

    with database.read() as session:
        assert layer_profiles.of_trial(session, trial_id) == []


def test_a_retry_forgets_the_profiles_and_the_walk_of_its_trials_only(database: Database) -> None:
    claim, (failed, done) = claimed_sweep(database)
    for trial_id, outcome in ((failed, Outcome.FAILED), (done, Outcome.COMPLETED)):
        walk = InitialWalk(trial_id=trial_id, walk_init=-0.5, z_init=0.5)
        _write(database, claim, start(trial_id), walk, profile(trial_id, 0), end(trial_id, outcome))

    with database.write() as session:
        sweeps.move(session, claim.sweep_id, SweepState.COMPLETED)
        assert trials.retry(session, claim.sweep_id, {Outcome.FAILED}) == 1

    with database.read() as session:
        assert layer_profiles.of_trial(session, failed) == []
        assert len(layer_profiles.of_trial(session, done)) == 1
        assert trials.get(session, failed).z_init is None
        assert trials.get(session, done).z_init == 0.5


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_is_refused_not_made_missing(
    database: Database, value: float
) -> None:
    claim, (trial_id, _) = claimed_sweep(database)

    with pytest.raises(StatementError, match="finite"):
        _write(database, claim, replace(profile(trial_id, 0), error_log_norms=(value,) * 8))
    with pytest.raises(StatementError, match="finite"):
        _write(database, claim, InitialWalk(trial_id=trial_id, walk_init=-0.5, z_init=value))


@pytest.mark.parametrize("field", ["error_log_norms", "gradient_log_norms"])
def test_arrays_whose_lengths_do_not_fit_are_refused(database: Database, field: str) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    told = profile(trial_id, 0)

    longer = (*getattr(told, field), 1.0)
    bad = replace(told, **{field: longer})  # type: ignore[arg-type]  # typed by the name

    with pytest.raises(IntegrityError):
        _write(database, claim, bad)
