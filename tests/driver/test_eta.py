"""When a sweep will end."""

import pytest

from service.driver.eta import Costs, EtaEstimator
from service.driver.round_plan import RoundPlan
from tests.factories import DIGITS, calibration, epoch_record, trial_spec
from workers.contract import EngineName, Outcome, TrialEnd

SHAPES = {"digits": DIGITS}
SPECS = [trial_spec(depth=depth, epochs=5, engine=EngineName.PACKED) for depth in (4, 40, 400)]
COSTS = Costs([calibration()], SHAPES, "cpu")


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_before_anything_is_done_it_is_the_prediction() -> None:
    packs = [[trial_spec(depth=9, engine=EngineName.PACKED)] for _ in range(6)]
    expected = EtaEstimator(packs, COSTS, 2, Clock())

    assert expected.seconds() == pytest.approx(3 * COSTS.total(packs[0][0]))


@pytest.mark.parametrize("slowness", [0.5, 1.0, 3.0])
def test_it_learns_how_slow_the_machine_is(slowness: float) -> None:
    clock = Clock()
    specs = [trial_spec(depth=400, epochs=20_000, engine=EngineName.PACKED)]
    expected = EtaEstimator([specs], COSTS, 1, clock)
    start, epoch = COSTS.start_and_epoch(specs[0])

    expected.update([epoch_record(specs[0].trial_id, 0)])
    expected.update([epoch_record(specs[0].trial_id, 10_000)])
    clock.now = slowness * (start + 10_000 * epoch)

    assert clock.now > 100
    assert expected.seconds() == pytest.approx(slowness * 10_000 * epoch, rel=0.2)


def test_idle_actors_do_not_shorten_the_last_pack() -> None:
    expected = EtaEstimator([SPECS], COSTS, 16, Clock())

    assert expected.seconds() == pytest.approx(sum(map(COSTS.total, SPECS)))


def test_reports_that_come_twice_count_once() -> None:
    told = [epoch_record(SPECS[2].trial_id, epoch) for epoch in (0, 1, 2)]
    once, twice = EtaEstimator([SPECS], COSTS, 1, Clock()), EtaEstimator([SPECS], COSTS, 1, Clock())

    once.update(told)
    twice.update([*told, *told])

    assert once.seconds() == twice.seconds()


@pytest.mark.parametrize("epochs", [0, 3, 6])
def test_nothing_is_left_when_every_trial_has_ended_wherever(epochs: int) -> None:
    expected = EtaEstimator([SPECS], COSTS, 1, Clock())
    for spec in SPECS:
        expected.update([epoch_record(spec.trial_id, epoch) for epoch in range(epochs)])
        expected.update([TrialEnd(trial_id=spec.trial_id, outcome=Outcome.STOPPED)])

    assert expected.seconds() == pytest.approx(0.0, abs=1e-9)


def test_nothing_is_known_before_a_worker_has_measured_its_device() -> None:
    schedule = RoundPlan(SPECS, SHAPES, "cpu", 2, [calibration(device_type="cuda")])

    assert schedule.seconds_after([]) is None
    assert schedule.seconds_after([calibration()]) is not None


def test_a_known_device_balances_by_seconds_an_unknown_one_by_relative_cost() -> None:
    known = RoundPlan(SPECS, SHAPES, "cpu", 2, [calibration()])
    unknown = RoundPlan(SPECS, SHAPES, "cpu", 2, [])

    assert known.cost(SPECS[0], DIGITS) == COSTS.total(SPECS[0])
    assert unknown.cost(SPECS[0], DIGITS) > 1e6
