import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.schedules import Schedule, ScheduleKind, factor_at, factor_of_step

fractions = st.floats(0.0, 1.0)
epoch_counts = st.integers(1, 1000)


@st.composite
def tables(draw: st.DrawFn) -> tuple[tuple[float, float], ...]:
    later = draw(st.lists(st.floats(1e-3, 1e3), unique=True, max_size=5))
    epochs = [0.0, *sorted(later)]
    return tuple((epoch, draw(st.floats(0.0, 10.0))) for epoch in epochs)


schedules = st.builds(
    Schedule,
    kind=st.sampled_from(ScheduleKind),
    warmup_epochs=st.one_of(st.just(0.0), st.floats(1e-3, 100.0)),
    final_factor=fractions,
    factor=fractions,
    every_epochs=st.integers(1, 50),
    decay_epochs=st.floats(1e-3, 1e3),
    points=tables(),
)


@given(schedules, epoch_counts, fractions)
def test_a_factor_is_finite_and_not_negative(
    schedule: Schedule, epochs: int, progress: float
) -> None:
    factor = factor_at(schedule, progress * epochs, epochs)

    assert math.isfinite(factor)
    assert factor >= 0.0


@given(epoch_counts, fractions)
def test_a_constant_schedule_is_one_everywhere(epochs: int, progress: float) -> None:
    assert factor_at(Schedule(), progress * epochs, epochs) == 1.0


@given(
    st.sampled_from([ScheduleKind.EXPONENTIAL, ScheduleKind.COSINE, ScheduleKind.LINEAR]),
    epoch_counts,
    st.floats(1e-6, 1.0),
)
def test_a_decay_goes_from_one_to_its_final_factor_without_rising(
    kind: ScheduleKind, epochs: int, final_factor: float
) -> None:
    schedule = Schedule(kind=kind, final_factor=final_factor)

    factors = [factor_at(schedule, epochs * i / 20, epochs) for i in range(21)]

    assert factors[0] == pytest.approx(1.0)
    assert factors[-1] == pytest.approx(final_factor)
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in pairwise(factors))


def test_an_exponential_has_its_geometric_mean_half_way() -> None:
    schedule = Schedule(kind=ScheduleKind.EXPONENTIAL, final_factor=0.01)

    assert factor_at(schedule, 5, 10) == pytest.approx(0.1)


@given(st.integers(1, 20), st.integers(1, 50))
def test_a_step_schedule_drops_between_the_steps_of_two_epochs(
    every_epochs: int, steps_per_epoch: int
) -> None:
    schedule = Schedule(kind=ScheduleKind.STEP, factor=0.1, every_epochs=every_epochs)
    last_before = every_epochs * steps_per_epoch

    assert factor_of_step(schedule, last_before, steps_per_epoch, 100) == 1.0
    assert factor_of_step(schedule, last_before + 1, steps_per_epoch, 100) == pytest.approx(0.1)


@given(st.floats(1e-3, 1e3))
def test_inverse_time_has_halved_after_its_decay_epochs(decay_epochs: float) -> None:
    schedule = Schedule(kind=ScheduleKind.INVERSE_TIME, decay_epochs=decay_epochs)

    assert factor_at(schedule, 0.0, 10) == 1.0
    assert factor_at(schedule, decay_epochs, 2 * decay_epochs) == pytest.approx(0.5)


@given(tables(), st.floats(0.0, 2e3))
def test_a_table_passes_through_its_points_and_stays_between_neighbours(
    points: tuple[tuple[float, float], ...], epoch: float
) -> None:
    schedule = Schedule(kind=ScheduleKind.TABLE, points=points)

    for at, factor in points:
        assert factor_at(schedule, at, 2e3) == pytest.approx(factor)
    before = [factor for at, factor in points if at <= epoch][-1]
    after = next((factor for at, factor in points if at > epoch), before)
    slack = 1e-9
    low, high = min(before, after) - slack, max(before, after) + slack
    assert low <= factor_at(schedule, epoch, 2e3) <= high


def test_a_table_is_linear_between_points_and_held_after_the_last() -> None:
    schedule = Schedule(kind=ScheduleKind.TABLE, points=((0.0, 1.0), (4.0, 3.0)))

    assert factor_at(schedule, 1.0, 10) == pytest.approx(1.5)
    assert factor_at(schedule, 9.0, 10) == 3.0


@given(schedules, epoch_counts, fractions)
def test_a_warmup_multiplies_by_a_ramp_and_then_leaves_the_shape_alone(
    schedule: Schedule, epochs: int, progress: float
) -> None:
    bare = Schedule(
        kind=schedule.kind,
        final_factor=schedule.final_factor,
        factor=schedule.factor,
        every_epochs=schedule.every_epochs,
        decay_epochs=schedule.decay_epochs,
        points=schedule.points,
    )
    epoch = progress * epochs
    warmup = schedule.warmup_epochs
    ramp = min(epoch / warmup, 1.0) if warmup > 0 else 1.0

    expected = ramp * factor_at(bare, epoch, epochs)

    assert factor_at(schedule, epoch, epochs) == pytest.approx(expected)


@given(st.integers(1, 100), st.integers(1, 10))
def test_no_step_of_a_warmup_or_of_a_decay_to_zero_is_wasted(
    steps_per_epoch: int, epochs: int
) -> None:
    schedule = Schedule(kind=ScheduleKind.LINEAR, warmup_epochs=1.0, final_factor=0.0)
    steps = range(1, epochs * steps_per_epoch + 1)

    factors = [factor_of_step(schedule, step, steps_per_epoch, epochs) for step in steps]

    assert min(factors) > 0.0


@given(st.integers(1, 50), st.integers(1, 20), fractions)
def test_the_mean_rate_of_a_linear_run_is_the_mean_of_its_ends(
    steps_per_epoch: int, epochs: int, final_factor: float
) -> None:
    schedule = Schedule(kind=ScheduleKind.LINEAR, final_factor=final_factor)
    steps = epochs * steps_per_epoch

    total = sum(
        factor_of_step(schedule, step, steps_per_epoch, epochs) for step in range(1, steps + 1)
    )

    assert total / steps == pytest.approx((1.0 + final_factor) / 2)


@pytest.mark.parametrize("kind", ScheduleKind)
def test_a_schedule_says_whether_its_past_depends_on_the_length_of_the_run(
    kind: ScheduleKind,
) -> None:
    schedule = Schedule(kind=kind, points=((0.0, 1.0), (5.0, 0.5)))

    moved = factor_at(schedule, 3.0, 10) != factor_at(schedule, 3.0, 20)

    assert moved == schedule.depends_on_total
