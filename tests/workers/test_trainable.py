"""One step of a pack: about a second, or less where an epoch ends."""

from collections.abc import Iterator
from itertools import pairwise
from uuid import uuid4

import pytest

from tests.factories import epoch_record
from workers import trainable
from workers.contract import Calibration, Report
from workers.trainable import advance

TRIAL = uuid4()


class Clock:
    """A clock that the run under test advances."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def run(
    clock: Clock, step_seconds: float, steps_per_epoch: int, epochs: int
) -> Iterator[Report | None]:
    """Yield None after each step and a record after each epoch, as a trial does."""
    for epoch in range(epochs):
        for _ in range(steps_per_epoch):
            clock.now += step_seconds
            yield None
        yield epoch_record(TRIAL, epoch)


def test_a_long_epoch_is_cut_after_a_second_and_loses_nothing() -> None:
    clock = Clock()
    trial = run(clock, step_seconds=0.4, steps_per_epoch=5, epochs=2)
    epochs: list[list[int]] = []
    times = [0.0]
    done = False
    while not done:
        reports, done = advance(trial, 1.0, clock)
        epochs.append([r.epoch for r in reports])  # type: ignore[union-attr]  # all records here
        times.append(clock.now)

    assert [epoch for part in epochs for epoch in part] == [0, 1]
    assert all(late - early <= 1.4 for early, late in pairwise(times))
    assert len(epochs) > 2


def test_short_epochs_share_a_step_and_long_enough_ones_return_at_their_end() -> None:
    clock = Clock()
    trial = run(clock, step_seconds=0.01, steps_per_epoch=10, epochs=9)

    reports, done = advance(trial, 1.0, clock)

    assert len(reports) == 3
    assert not done


def test_an_exhausted_run_says_so_even_if_it_yields_nothing() -> None:
    assert advance(iter(()), 1.0, Clock()) == ([], True)


def test_a_device_that_cannot_be_measured_is_trained_on_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> list[Calibration]:
        raise RuntimeError("no clock")

    monkeypatch.setattr("workers.training.calibration.calibrations_of", broken)

    assert trainable.new_calibrations([], "cpu", [], 1) == []
    assert "no clock" in caplog.text
