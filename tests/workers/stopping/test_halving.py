"""Synchronous successive halving."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.stopping import Contestant, halve, rungs

VALUES = st.lists(st.one_of(st.none(), st.sampled_from([0.5, 1.0, 2.0, 3.5])), max_size=30)


def _contestants(values: list[float | None]) -> list[Contestant]:
    return [Contestant(trial_id=UUID(int=i), value=value) for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("grace", "eta", "longest", "expected"),
    [(1, 3, 10, (1, 3, 9)), (1, 3, 9, (1, 3)), (2, 2, 17, (2, 4, 8, 16)), (5, 3, 5, ())],
)
def test_rungs_lie_below_the_last_epoch(
    grace: int, eta: int, longest: int, expected: tuple[int, ...]
) -> None:
    assert rungs(eta=eta, grace_epochs=grace, max_epochs=longest) == expected


@given(VALUES, st.integers(2, 5))
def test_the_best_share_of_all_goes_on(values: list[float | None], eta: int) -> None:
    judged = halve(_contestants(values), eta)

    kept = [judgement for judgement in judged.values() if judgement.kept]
    n_valued = sum(value is not None for value in values)
    assert len(judged) == n_valued
    assert len(kept) == min(n_valued, max(1, len(values) // eta))
    for judgement in judged.values():
        if judgement.kept:
            assert judgement.value <= judgement.cutoff
        else:
            assert judgement.value >= judgement.cutoff


def test_of_equals_the_earlier_planned_goes_on() -> None:
    judged = halve(_contestants([2.0, 1.0, 1.0, 1.0]), 2)

    assert [judged[UUID(int=i)].kept for i in range(4)] == [False, True, True, False]


def test_what_diverged_takes_a_place_among_those_that_do_not_go_on() -> None:
    judged = halve(_contestants([None, 1.0, None, 2.0, 3.0, None]), 3)

    assert {trial.int for trial, judgement in judged.items() if judgement.kept} == {1, 3}
