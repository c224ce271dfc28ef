"""The transition tables, whole: what is not listed here is not allowed."""

import pickle
from itertools import product

import pytest

from service.lifecycle import (
    ENDED,
    HELD,
    SWEEP_TRANSITIONS,
    TRIAL_TRANSITIONS,
    IllegalTransitionError,
    SweepState,
    TrialState,
    check_sweep,
    trial_sources,
)

ALLOWED = {
    ("queued", "running"),
    ("queued", "paused"),
    ("queued", "cancelled"),
    ("running", "queued"),
    ("running", "pausing"),
    ("running", "cancelling"),
    ("running", "completed"),
    ("running", "failed"),
    ("pausing", "queued"),
    ("pausing", "paused"),
    ("pausing", "cancelling"),
    ("pausing", "completed"),
    ("pausing", "failed"),
    ("paused", "queued"),
    ("paused", "cancelled"),
    ("cancelling", "cancelled"),
    ("cancelling", "completed"),
    ("cancelling", "failed"),
    ("completed", "queued"),
    ("failed", "queued"),
    ("cancelled", "queued"),
}

ALLOWED_OF_TRIALS = {
    ("pending", "running"),
    ("pending", "done"),
    ("running", "pending"),
    ("running", "done"),
    ("done", "pending"),
}


@pytest.mark.parametrize(("current", "target"), [*product(SweepState, SweepState)])
def test_a_sweep_makes_the_listed_moves_and_no_other(
    current: SweepState, target: SweepState
) -> None:
    if (current.value, target.value) in ALLOWED:
        check_sweep(current, target)
    else:
        with pytest.raises(IllegalTransitionError) as raised:
            check_sweep(current, target)
        assert (raised.value.current, raised.value.target) == (current, target)


@pytest.mark.parametrize(("current", "target"), [*product(TrialState, TrialState)])
def test_a_trial_makes_the_listed_moves_and_no_other(
    current: TrialState, target: TrialState
) -> None:
    is_listed = (current.value, target.value) in ALLOWED_OF_TRIALS

    assert (current in trial_sources(target)) is is_listed


def test_the_tables_cover_every_state() -> None:
    assert set(SWEEP_TRANSITIONS) == set(SweepState)
    assert set(TRIAL_TRANSITIONS) == set(TrialState)


@pytest.mark.parametrize("state", [*SweepState])
def test_every_state_can_reach_an_end(state: SweepState) -> None:
    reached = {state}
    while more := {target for one in reached for target in SWEEP_TRANSITIONS[one]} - reached:
        reached |= more
    assert reached & ENDED


def test_an_ended_sweep_can_only_be_queued_again() -> None:
    assert {SWEEP_TRANSITIONS[state] for state in ENDED} == {frozenset({SweepState.QUEUED})}


def test_no_state_is_both_held_and_ended() -> None:
    assert not HELD & ENDED


def test_a_refused_move_survives_pickling_and_says_what_was_refused() -> None:
    error = IllegalTransitionError(SweepState.PAUSED, SweepState.RUNNING)

    copy = pickle.loads(pickle.dumps(error))

    assert str(copy) == "cannot go from paused to running"
