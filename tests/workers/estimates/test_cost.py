"""The cost model's arithmetic on made-up timings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DIGITS, TIMINGS, trial_shape
from workers.contract import Activation, OptimizerKind, Precision
from workers.estimates import CostModel, TrialShape

MODEL = CostModel(TIMINGS)
BASE: dict[str, object] = {"depth": 100, "width": 64, "epochs": 3}
TRIAL = trial_shape(**BASE)


def seconds(trial: TrialShape, live: int = 1) -> float:
    return MODEL.trial_seconds(trial, DIGITS, live)


def test_a_deep_steps_time_is_that_of_its_layers() -> None:
    deeper = trial_shape(**BASE | {"depth": 101})
    flat = replace(TIMINGS, full_pass=(0.0,) * 3, start_layer=0.0, start_weight=0.0)
    model = CostModel(replace(flat, full_pass=(1e-30,) * 3))

    added = model.epoch_seconds(deeper, DIGITS, 4) - model.epoch_seconds(TRIAL, DIGITS, 4)

    steps = 15  # 1,437 samples, 100 at a time
    level = TIMINGS.level[4]  # width 64, batch 100: measured, not interpolated
    probe = 2 * (TIMINGS.call + level)
    chunks = 2  # 1,437 and 360 samples, 2,000 at a time
    expected = steps * (TIMINGS.call / 4 + level) + probe + chunks * TIMINGS.call / 3
    assert added == pytest.approx(expected)


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 101},
        {"width": 65},
        {"epochs": 4},
        {"profile_epochs": (0,)},
        {"optimizer": OptimizerKind.ADAM},
        {"momentum": 0.9},
        {"weight_decay": 0.1},
        {"clip_norm": 1.0},
        {"activation": Activation.TANH},
        {"precision": Precision.FLOAT64},
        {"batch_size": 10},
    ],
    ids=str,
)
def test_what_adds_work_adds_seconds(change: dict[str, object]) -> None:
    assert seconds(trial_shape(**BASE | change)) > seconds(TRIAL)


def test_a_trial_pays_its_start_once_and_its_ends_by_epoch() -> None:
    more = CostModel(
        replace(TIMINGS, start=TIMINGS.start + 1.0, epoch=TIMINGS.epoch + 10.0)
    ).trial_seconds(TRIAL, DIGITS, 4)

    assert more - seconds(TRIAL, 4) == pytest.approx(1.0 + TRIAL.epochs * 10.0)


def test_a_steps_share_of_what_all_its_trials_take_together_falls() -> None:
    slower = CostModel(
        replace(TIMINGS, step=TIMINGS.step + 1.0, trial_step=TIMINGS.trial_step + 1.0)
    )
    steps = 15  # 1,437 samples, 100 at a time

    added = slower.epoch_seconds(TRIAL, DIGITS, 4) - MODEL.epoch_seconds(TRIAL, DIGITS, 4)

    assert added == pytest.approx(steps * (1.0 / 4 + 1.0))


def test_trials_that_run_together_share_the_calls() -> None:
    shares = [seconds(trial_shape(**BASE | {"width": 16}), live) for live in (1, 2, 8)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] < 8 * shares[2]


@given(st.integers(1, 5000), st.integers(1, 20_000), st.integers(1, 2000))
def test_every_shape_has_a_finite_positive_time(width: int, batch: int, depth: int) -> None:
    found = seconds(trial_shape(width=width, batch_size=batch, depth=depth, epochs=3))

    assert 0.0 < found < float("inf")
