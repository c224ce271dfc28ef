"""Trials: plans, specs, pages, ends, retries."""

from dataclasses import replace
from typing import get_type_hints
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from service.enums import GMode
from service.lifecycle import SweepState, TrialState
from service.planner import Written
from service.services import trials as trial_services
from service.services.trials import TrialQuery
from service.store import Database, FencedOutError, epochs, records, sweeps, trials, walks
from service.store.errors import BadPlanError, SweepNotFoundError, TrialNotFoundError
from service.store.models import Configuration, Trial
from tests.factories import varied
from tests.store.builders import (
    SPEC,
    add_sweep,
    as_planned,
    claimed_sweep,
    end,
    ids_of,
    planned,
    record,
    start,
    with_walk,
)
from workers import contract
from workers.architectures import ARCHITECTURES
from workers.contract import Outcome, TrialEnd, TrialSpec
from workers.schedules import Schedule

FINITE = st.floats(allow_nan=False, allow_infinity=False)
# What PostgreSQL takes: no NUL, no lone surrogate.
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)
SMALL = st.integers(1, 2**31 - 1)


def floats_of(kind: type[object]) -> dict[str, st.SearchStrategy[float]]:
    """Return any finite number for each field of a dataclass that is a float."""
    hints = get_type_hints(kind)
    return {name: FINITE for name, hint in hints.items() if hint is float}


NETWORKS = st.one_of(
    [
        st.builds(
            kind.network_type,
            kind=st.just(kind.kind),
            depth=SMALL,
            width=SMALL,
            **floats_of(kind.network_type),
        )
        for kind in ARCHITECTURES.values()
    ]
)
SCHEDULES = st.builds(
    Schedule,
    points=st.lists(st.tuples(FINITE, FINITE), max_size=3).map(tuple),
    **floats_of(Schedule),
)
CONFIGURATIONS = st.builds(
    contract.Configuration,
    dataset=TEXT,
    network=NETWORKS,
    init=st.builds(contract.Init, **floats_of(contract.Init)),
    training=st.builds(
        contract.Training,
        epochs=st.integers(0, 2**31 - 1),
        batch_size=SMALL,
        schedule=SCHEDULES,
        optimizer=st.builds(
            contract.Optimizer, clip_norm=st.none() | FINITE, **floats_of(contract.Optimizer)
        ),
        **floats_of(contract.Training),
    ),
    profile_epochs=st.lists(st.integers(0, 2**31 - 1), max_size=4).map(tuple),
    prediction=st.none()
    | st.builds(
        contract.Prediction, drift=FINITE, spread=st.floats(0, allow_nan=False, max_value=1e308)
    ),
)
SPECS = st.builds(
    TrialSpec,
    trial_id=st.uuids(),
    seed=st.integers(-(2**63), 2**63 - 1),
    configuration=CONFIGURATIONS,
)
VALUES = st.none() | st.booleans() | FINITE | TEXT
WRITTENS = st.builds(
    Written,
    g_mode=st.sampled_from([GMode.AUTO, GMode.ABSOLUTE]),
    g_relative=st.none() | FINITE,
    width_parameters=st.none() | st.integers(1, 2**63 - 1),
    lr=FINITE,
    lr_depth_power=FINITE,
    coordinates=st.dictionaries(TEXT, VALUES | st.lists(VALUES, max_size=2), max_size=3),
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(spec=SPECS, written=WRITTENS)
def test_a_spec_comes_back_from_its_row_as_it_was(
    database: Database, spec: TrialSpec, written: Written
) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id
        trials.insert_plan(session, sweep_id, [as_planned(spec, written)])
    with database.write() as session:
        row = _configuration(session, spec.trial_id)
        found = trials.unfinished(session, sweep_id)
        trials.end_unfinished(session, sweep_id, Outcome.CANCELLED)
        sweeps.move(session, sweep_id, SweepState.CANCELLED)
        sweeps.delete_ended(session, sweep_id)

    assert found == [spec]
    assert row.schedule_kind is spec.training.schedule.kind
    assert row.effective_lr == spec.training.learning_rate
    assert written == Written(
        g_mode=row.g_mode,
        g_relative=row.g_relative,
        width_parameters=row.width_parameters,
        lr=row.lr,
        lr_depth_power=row.lr_depth_power,
        coordinates=row.coordinates,
    )


def _configuration(session: Session, trial_id: UUID) -> Configuration:
    return session.get_one(Configuration, trials.get(session, trial_id).configuration_id)


def test_a_new_trial_has_nothing_to_tell(database: Database) -> None:
    with database.write() as session:
        plan = planned(add_sweep(session).id, 1)
    with database.write() as session:
        sweep_id = sweeps.page(session, limit=1).items[0].id
        trials.insert_plan(session, sweep_id, plan)
        trial = trials.get(session, plan[0].trials[0].id)

    assert (trial.state, trial.outcome, trial.attempt) == (TrialState.PENDING, None, 1)
    assert trial.epochs_done is trial.final_train_loss is trial.best_eval_error is None
    assert trial.seconds == 0.0


def test_a_plan_inserted_twice_is_harmless(database: Database) -> None:
    claim, ids = claimed_sweep(database, 3)
    with database.write() as session:
        records.write(session, claim, [record(ids[0], 0), end(ids[1])])

    with database.write() as session:
        assert trials.insert_plan(session, claim.sweep_id, planned(claim.sweep_id, 3)) == 0

    with database.read() as session:
        rows = trial_services.page(session, TrialQuery(page_size=10)).trials
        assert sweeps.get(session, claim.sweep_id).n_trials == 3
    assert [(row.id, row.number) for row in rows] == [*zip(ids, range(3), strict=True)]
    assert rows[0].epochs_done == 0
    assert rows[1].outcome is Outcome.COMPLETED


def test_a_larger_plan_appends_whatever_its_order(database: Database) -> None:
    claim, ids = claimed_sweep(database, 2)
    larger = planned(claim.sweep_id, 4)

    with database.write() as session:
        assert trials.insert_plan(session, claim.sweep_id, larger[::-1]) == 2

    with database.read() as session:
        rows = trial_services.page(session, TrialQuery(page_size=10)).trials
        assert sweeps.get(session, claim.sweep_id).n_trials == 4
    new = ids_of([larger[3], larger[2]])
    assert [row.id for row in rows] == ids + new
    assert [row.number for row in rows] == [0, 1, 2, 3]


def test_a_plan_for_no_sweep_is_refused(database: Database) -> None:
    with database.write() as session, pytest.raises(SweepNotFoundError):
        trials.insert_plan(session, uuid4(), [as_planned(SPEC)])


def test_a_plan_with_a_trial_of_another_sweep_is_refused_whole(database: Database) -> None:
    other, _ = claimed_sweep(database)
    claim, ids = claimed_sweep(database, 1)

    plan = planned(claim.sweep_id, 2) + planned(other.sweep_id, 1)

    with pytest.raises(BadPlanError), database.write() as session:
        trials.insert_plan(session, claim.sweep_id, plan)

    with database.read() as reader:
        left = trials.unfinished(reader, claim.sweep_id)
    assert [spec.trial_id for spec in left] == ids


def test_a_plan_with_a_trial_twice_is_refused(database: Database) -> None:
    claim, _ = claimed_sweep(database, 0)
    plan = planned(claim.sweep_id, 1)

    with pytest.raises(BadPlanError), database.write() as session:
        trials.insert_plan(session, claim.sweep_id, plan + plan)


def test_an_empty_plan_leaves_the_sweep_unplanned(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id
        assert trials.insert_plan(session, sweep_id, []) == 0
        assert not trials.is_planned(session, sweep_id)

        trials.insert_plan(session, sweep_id, planned(sweep_id, 1))
        assert trials.is_planned(session, sweep_id)


def test_a_trial_that_is_not_there_is_named(database: Database) -> None:
    missing = uuid4()

    with database.read() as session, pytest.raises(TrialNotFoundError, match=str(missing)):
        trials.get(session, missing)


def test_unfinished_trials_come_in_the_order_of_the_plan(database: Database) -> None:
    claim, ids = claimed_sweep(database, 4)
    with database.write() as session:
        records.write(session, claim, [start(ids[2]), end(ids[1])])

    with database.read() as session:
        left = [spec.trial_id for spec in trials.unfinished(session, claim.sweep_id)]
    assert left == [ids[0], ids[2], ids[3]]


def test_ending_the_unfinished_leaves_outcomes_alone(database: Database) -> None:
    claim, ids = claimed_sweep(database, 3)
    with database.write() as session:
        records.write(session, claim, [start(ids[0]), end(ids[1])])

        ended = trials.end_unfinished(session, claim.sweep_id, Outcome.STOPPED, "deadline")

    assert ended == 2
    with database.read() as session:
        rows = [trials.get(session, trial_id) for trial_id in ids]
    assert [row.outcome for row in rows] == [Outcome.STOPPED, Outcome.COMPLETED, Outcome.STOPPED]
    assert [row.message for row in rows] == ["deadline", None, "deadline"]


def test_pages_hold_every_trial_once(database: Database) -> None:
    with database.write() as session:
        wanted = []
        for size in (3, 1, 4):
            sweep_id = add_sweep(session).id
            plan = planned(sweep_id, size)
            trials.insert_plan(session, sweep_id, plan)
            wanted += ids_of(plan)

    for page_size in (1, 2, 3, 8, 9):
        found: list[UUID] = []
        token: str | None = None
        with database.read() as session:
            while token != "":
                query = TrialQuery(fields="id", page_size=page_size, page_token=token)
                page = trial_services.page(session, query)
                assert len(page.trials) <= page_size
                found += [trial.id for trial in page.trials]
                token = page.next_page_token
        assert sorted(found) == sorted(wanted)


def test_pages_of_a_sweep_take_a_filter(database: Database) -> None:
    claim, ids = claimed_sweep(database, 5)
    claimed_sweep(database, 5)
    query = TrialQuery(sweep_id=claim.sweep_id, filter="seed >= 2", page_size=2)

    with database.read() as session:
        first = trial_services.page(session, query)
        second = trial_services.page(session, replace(query, page_token=first.next_page_token))

    assert [trial.id for trial in (*first.trials, *second.trials)] == ids[2:]
    assert second.next_page_token == ""


def test_a_retry_starts_over_and_forgets_the_old_attempt(database: Database) -> None:
    claim, (failed, done) = claimed_sweep(database)
    with database.write() as session:
        records.write(
            session,
            claim,
            [
                start(failed),
                record(failed, 0),
                record(failed, 1),
                TrialEnd(trial_id=failed, outcome=Outcome.FAILED, message="out of memory"),
                record(done, 0),
                end(done),
            ],
        )
        sweeps.move(session, claim.sweep_id, SweepState.COMPLETED)

    with database.write() as session:
        assert trials.retry(session, claim.sweep_id, {Outcome.FAILED, Outcome.DIVERGED}) == 1
        sweeps.move(session, claim.sweep_id, SweepState.QUEUED)

    with database.read() as session:
        retried, kept = trials.get(session, failed), trials.get(session, done)
        assert epochs.curve(session, failed) == []
        assert len(epochs.curve(session, done)) == 1
    assert (retried.state, retried.attempt, retried.outcome) == (TrialState.PENDING, 2, None)
    assert (retried.epochs_done, retried.final_train_loss, retried.message) == (None, None, None)
    assert (retried.seconds, retried.host, retried.ended_at) == (0.0, None, None)
    assert (kept.outcome, kept.attempt) == (Outcome.COMPLETED, 1)
    with pytest.raises(FencedOutError), database.write() as session:
        records.write(session, claim, [record(failed, 2)])


def test_a_retried_trial_looks_like_a_new_one_in_every_column(database: Database) -> None:
    claim, (trial_id,) = claimed_sweep(database, 1)
    with database.read() as session:
        fresh = _columns(trials.get(session, trial_id))
    diverged = TrialEnd(
        trial_id=trial_id, outcome=Outcome.DIVERGED, diverged_epoch=1, diverged_step=3
    )
    with database.write() as session:
        records.write(session, claim, [start(trial_id), record(trial_id, 0), diverged])
        trials.retry(session, claim.sweep_id, {Outcome.DIVERGED})

    with database.read() as session:
        retried = _columns(trials.get(session, trial_id))

    assert retried == {**fresh, "attempt": 2}


def _columns(trial: Trial) -> dict[str, object]:
    return {column.key: getattr(trial, column.key) for column in Trial.__table__.columns}


def test_written_values_are_stored_beside_the_resolved_ones(database: Database) -> None:
    written = Written(
        g_mode=GMode.RELATIVE,
        g_relative=1.1,
        width_parameters=4_000_000_000,
        lr=0.1,
        lr_depth_power=-1.5,
        coordinates={"init.g.relative": 1.1},
    )
    spec = varied(SPEC, trial_id=uuid4(), g=1.6, learning_rate=0.003)

    with database.write() as session:
        sweep_id = add_sweep(session).id
        trials.insert_plan(session, sweep_id, [as_planned(spec, written)])
        row = _configuration(session, spec.trial_id)

    assert (row.g_mode, row.g_relative, row.g) == (GMode.RELATIVE, 1.1, 1.6)
    assert (row.lr, row.lr_depth_power, row.effective_lr) == (0.1, -1.5, 0.003)
    assert row.width_parameters == 4_000_000_000


def test_a_walk_is_stored_once_for_all_its_trials(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id
        first, second, third = planned(sweep_id, 3)
        walk_id = uuid4()
        plan = [with_walk(first, walk_id), with_walk(second, walk_id), third]
        trials.insert_plan(session, sweep_id, plan)
    # Another sweep of the same network.
    with database.write() as session:
        other_id = add_sweep(session, name="other").id
        (other,) = planned(other_id, 1)
        trials.insert_plan(session, other_id, [with_walk(other, walk_id)])

    with database.read() as session:
        rows = [session.get_one(Configuration, each.id) for each in (*plan, other)]
        walk = walks.get(session, walk_id)
    assert [row.walk_id for row in rows] == [walk_id, walk_id, None, walk_id]
    assert [row.predicted_drift for row in rows] == [-1.5, -1.5, None, -1.5]
    assert (walk.means, walk.deviations) == ((-1.5, 0.0), (0.5, 0.0))
