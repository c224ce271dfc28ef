"""How many trials run at once, and that it changes nothing."""

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DIGITS, trial_shape, trial_spec
from tests.workers.estimates.samples import noise
from workers.contract import EngineName, EpochRecord, LayerProfile, Report, TrialEnd
from workers.estimates import Capacity, capacity_of, slots_for
from workers.training import run_pack

DEEP = trial_shape(depth=1000, width=32)
ENDLESS = 1 << 50


@pytest.mark.parametrize(("width", "slots"), [(16, 16), (32, 8), (64, 4), (163, 2), (164, 1)])
def test_narrow_networks_share_a_core_and_wide_ones_do_not(width: int, slots: int) -> None:
    assert slots_for(trial_shape(width=width, depth=10), DIGITS) == slots


@pytest.mark.parametrize(
    ("depth", "slots"), [(40, 8), (41, 4), (81, 4), (82, 2), (163, 2), (164, 1)]
)
def test_shallow_networks_share_a_core_and_deep_ones_do_not(depth: int, slots: int) -> None:
    assert slots_for(trial_shape(depth=depth, width=32), DIGITS) == slots


def test_the_reference_engine_runs_one_at_a_time() -> None:
    assert slots_for(replace(DEEP, engine=EngineName.REFERENCE), DIGITS) == 1


def test_where_memory_is_enough_all_slots_are_used_and_nothing_is_computed_twice() -> None:
    found = capacity_of(DEEP, DIGITS, ENDLESS)

    assert (found.slots, found.recomputes) == (slots_for(DEEP, DIGITS), False)


@given(st.integers(10**5, 10**9), st.integers(1, 1000), st.sampled_from([8, 32, 100]))
def test_a_pack_fits_where_any_way_to_run_it_does(budget: int, depth: int, width: int) -> None:
    trial = trial_shape(depth=depth, width=width)

    found = capacity_of(trial, DIGITS, budget)

    assert found.bytes <= budget or found == capacity_of(trial, DIGITS, 0)


def test_as_memory_gets_short_slots_are_halved_then_activations_recomputed_then_both() -> None:
    ways: list[Capacity] = []
    trial = trial_shape(depth=40, width=32)
    budget = capacity_of(trial, DIGITS, ENDLESS).bytes
    while not ways or ways[-1] != capacity_of(trial, DIGITS, 0):
        ways.append(capacity_of(trial, DIGITS, budget))
        budget = ways[-1].bytes - 1

    assert [(way.slots, way.recomputes) for way in ways] == [
        (8, False),
        (4, False),
        (2, False),
        (1, False),
        (2, True),  # With two slots, fewer layers wait for one update.
        (1, True),
    ]


def test_no_curve_depends_on_the_memory() -> None:
    data = noise(n_train=150, n_eval=30)
    specs = [
        trial_spec(
            trial_id=UUID(int=i),
            seed=i,
            depth=20 + i,
            engine=EngineName.PACKED,
            profile_epochs=(0, 2),
        )
        for i in range(5)
    ]

    def curves(memory_bytes: int) -> dict[tuple[UUID, type, int], Report]:
        told = run_pack(specs, data, memory_bytes=memory_bytes)
        return {
            (report.trial_id, type(report), getattr(report, "epoch", 0)): _timeless(report)
            for report in told
            if isinstance(report, EpochRecord | LayerProfile | TrialEnd)
        }

    ample = curves(ENDLESS)
    assert len(ample) == 5 * (3 + 2 + 1)
    for budget in (0, 3_000_000):
        assert curves(budget) == ample


def _timeless(report: Report) -> Report:
    return replace(report, seconds=0.0) if isinstance(report, EpochRecord) else report
