import dataclasses
import math
from collections.abc import Iterable

import numpy as np
import pytest

import rwinit
from tests.workers.examples import blobs, end, records, trial, without_labels
from workers.contract import (
    EpochRecord,
    InitialWalk,
    OptimizerKind,
    Outcome,
    Precision,
    Report,
    Task,
    TrialEnd,
    TrialStart,
)
from workers.datasets import Data, load
from workers.schedules import Schedule, ScheduleKind
from workers.training import run_trial

pytestmark = pytest.mark.usefixtures("each_engine")


@pytest.fixture(scope="module")
def digits() -> Data:
    return load("digits", data_dir=None, registry_dir=None)


def _all_finite(reports: Iterable[Report | None]) -> bool:
    values = [
        value for report in reports if report is not None for value in dataclasses.astuple(report)
    ]
    return all(math.isfinite(value) for value in values if isinstance(value, float))


def test_a_trial_reports_its_start_each_epoch_and_its_end_with_a_pause_after_every_step() -> None:
    spec = trial(epochs=2, batch_size=10)

    reports = list(run_trial(spec, blobs(n_train=45)))

    epoch = [type(None)] * 5 + [EpochRecord]
    assert [type(report) for report in reports] == [
        TrialStart, InitialWalk, EpochRecord, *epoch, *epoch, TrialEnd
    ]  # fmt: skip
    assert [record.epoch for record in records(reports)] == [0, 1, 2]
    assert [record.step for record in records(reports)] == [0, 5, 10]
    assert end(reports).outcome is Outcome.COMPLETED
    assert {report.trial_id for report in reports if report is not None} == {spec.trial_id}


def test_no_epochs_measure_the_initial_network_only() -> None:
    reports = list(run_trial(trial(epochs=0), blobs()))

    (record,) = records(reports)
    assert record.step == 0
    assert record.running_loss is None
    assert record.lr is None
    assert record.log_grad_norm_first is not None
    assert len(reports) == 4
    assert end(reports).outcome is Outcome.COMPLETED


def test_the_start_says_where_and_with_what(monkeypatch: pytest.MonkeyPatch) -> None:
    start = next(run_trial(trial(), blobs()))

    assert isinstance(start, TrialStart)
    assert start.device == "cpu"
    assert start.host
    for library in ("python 3.", "torch ", "llvmlite ", "numpy ", "fathom "):
        assert library in start.versions


def test_a_batch_larger_than_the_data_is_one_step_an_epoch() -> None:
    reports = list(run_trial(trial(batch_size=1000, epochs=3), blobs()))

    assert records(reports)[-1].step == 3


def test_the_running_loss_weighs_batches_by_their_size() -> None:
    # With a rate of 0 every batch sees the initial network, so the mean is the full pass's.
    spec = trial(learning_rate=0.0, batch_size=20, precision=Precision.FLOAT64, epochs=1)

    initial, after = records(run_trial(spec, blobs(n_train=45)))

    assert after.running_loss == pytest.approx(initial.train_loss, rel=1e-12)
    assert after.train_loss == initial.train_loss


def test_the_rate_of_a_record_is_that_of_the_epochs_last_step() -> None:
    schedule = Schedule(kind=ScheduleKind.LINEAR, final_factor=0.0, warmup_epochs=1.0)
    spec = trial(learning_rate=0.4, schedule=schedule, epochs=2, batch_size=15)

    rates = [record.lr for record in records(run_trial(spec, blobs(n_train=45)))]

    # Six steps; the middles of the third and of the last lie at 5/12 and 11/12 of the run.
    assert rates == [
        None,
        pytest.approx(0.4 * (7 / 12) * (5 / 6)),
        pytest.approx(0.4 * (1 / 12)),
    ]


def test_the_rate_of_the_schedule_is_what_moves_the_weights() -> None:
    still = Schedule(kind=ScheduleKind.TABLE, points=((0.0, 1.0), (1.0, 1.0), (1.001, 0.0)))

    records_ = records(run_trial(trial(schedule=still, epochs=3), blobs()))

    losses = [record.train_loss for record in records_]
    assert losses[0] != losses[1]
    assert losses[1] == losses[2] == losses[3]


def test_time_that_the_caller_takes_between_reports_is_not_counted() -> None:
    now = 0.0

    def clock() -> float:
        return now

    seconds = []
    for report in run_trial(trial(), blobs(), clock=clock):
        now += 1.0
        if isinstance(report, EpochRecord):
            seconds.append(report.seconds)

    assert seconds == [0.0, 0.0, 0.0]


def test_time_inside_a_trial_is_counted() -> None:
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += 1.0
        return now

    first, second, _ = records(run_trial(trial(), blobs(), clock=clock))

    # Two pauses, for the initial walk and for the caller, each between two readings.
    assert first.seconds == 3.0
    assert second.seconds == 6.0  # five steps, each between two readings, and the full pass


def test_a_deep_net_with_the_unbiased_g_learns(digits: Data) -> None:
    spec = trial(
        dataset="digits",
        depth=32,
        width=64,
        g=rwinit.gain("relu", 64),
        epochs=8,
        batch_size=50,
        learning_rate=3e-4,
        optimizer=OptimizerKind.ADAM,
    )

    reports = list(run_trial(spec, digits))

    first, *_, last = records(reports)
    assert last.train_loss < 0.5 * first.train_loss
    assert last.train_error is not None
    assert last.train_error < 0.4


def test_a_deep_net_with_half_the_g_stays_at_chance(digits: Data) -> None:
    spec = trial(dataset="digits", depth=128, width=32, g=0.5 * rwinit.gain("relu", 32), epochs=1)

    reports = list(run_trial(spec, digits))

    for record in records(reports):
        assert record.train_error is not None
        assert record.train_error > 0.8
    assert end(reports).outcome is Outcome.COMPLETED
    assert _all_finite(reports)


def test_a_deep_net_with_twice_the_g_diverges_and_reports_finite_numbers_only(
    digits: Data,
) -> None:
    spec = trial(dataset="digits", depth=128, width=32, g=2 * rwinit.gain("relu", 32), epochs=3)

    reports = list(run_trial(spec, digits))

    ended = end(reports)
    assert ended.outcome is Outcome.DIVERGED
    assert ended.diverged_epoch in (0, 1)
    assert _all_finite(reports)


def test_a_full_pass_that_is_not_finite_ends_the_trial_without_a_record_of_its_epoch() -> None:
    # The square of 1e200 leaves float64.
    spec = trial(task=Task.AUTOENCODE, precision=Precision.FLOAT64, g_out=1e200)

    reports = list(run_trial(spec, blobs()))

    assert records(reports) == []
    assert end(reports) == TrialEnd(
        trial_id=spec.trial_id, outcome=Outcome.DIVERGED, diverged_epoch=0, diverged_step=0
    )


def test_a_test_split_whose_loss_is_not_finite_ends_the_trial_too() -> None:
    data = blobs()
    poisoned = data.eval_x.copy()
    poisoned[3] = np.inf

    reports = list(run_trial(trial(), dataclasses.replace(data, eval_x=poisoned)))

    assert records(reports) == []
    assert end(reports).diverged_epoch == 0


def test_a_step_whose_loss_is_not_finite_ends_the_trial_at_that_step() -> None:
    # The first step is finite and sends the weights to where the second's outputs overflow.
    spec = trial(learning_rate=1e30, epochs=3)

    reports = list(run_trial(spec, blobs()))

    assert [record.epoch for record in records(reports)] == [0]
    ended = end(reports)
    assert ended.outcome is Outcome.DIVERGED
    assert (ended.diverged_epoch, ended.diverged_step) == (1, 2)
    assert _all_finite(reports)


def test_a_pass_that_overflows_after_the_last_step_counts_the_steps_taken() -> None:
    spec = trial(learning_rate=1e30, epochs=1, batch_size=45)

    reports = list(run_trial(spec, blobs(n_train=45)))

    ended = end(reports)
    assert [record.epoch for record in records(reports)] == [0]
    assert (ended.diverged_epoch, ended.diverged_step) == (1, 1)


@pytest.mark.parametrize("labelled", [True, False])
def test_autoencoding_learns_and_has_no_error(labelled: bool) -> None:
    data = blobs() if labelled else without_labels(blobs())
    spec = trial(task=Task.AUTOENCODE, epochs=10, momentum=0.9)

    first, *_, last = records(run_trial(spec, data))

    assert last.train_loss < 0.8 * first.train_loss
    assert last.train_error is None
    assert last.eval_error is None
