"""A device is measured once, and what is measured predicts."""

import logging
import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields, replace
from importlib.metadata import version
from uuid import UUID

import numpy as np
import pytest
import torch

from tests.factories import trial_spec, varied
from tests.workers.estimates.samples import noise
from workers.contract import (
    Activation,
    Calibration,
    EngineName,
    OptimizerKind,
    Outcome,
    Precision,
    Task,
    TrialEnd,
    Work,
)
from workers.estimates import CostModel, TrialShape, slots_for
from workers.estimates.cost import ERROR_FACTOR
from workers.estimates.work import NO_WORK
from workers.training import calibration, run_pack
from workers.training.benchmarks import benchmarks
from workers.training.calibration import (
    BenchmarkError,
    Measurement,
    calibrate,
    calibrations_of,
    fitted,
    versions,
)

PACKED = EngineName.PACKED


@pytest.fixture(scope="module", params=EngineName)
def measured(request: pytest.FixtureRequest) -> Calibration:
    # CPU time: other work on the machine takes none of it.
    return calibrate("cpu", request.param, actors=3, clock=time.process_time)


def test_the_fit_is_not_negative_and_explains_every_time(measured: Calibration) -> None:
    rates = astuple(measured.timings.seconds_each)
    residuals = measured.timings.residuals

    assert all(math.isfinite(rate) and rate >= 0.0 for rate in rates)
    assert len({each.work for each in residuals}) == len(residuals) >= 2 * len(rates) - 2
    assert all(each.seconds > 0.0 for each in residuals)
    assert measured.timings.spread < math.log(ERROR_FACTOR) / 2


@pytest.mark.parametrize("device_type", ["cpu", "cuda"])
def test_the_benchmarks_tell_all_kinds_of_work_apart(device_type: str) -> None:
    works = [
        each.work(PACKED, ends_epoch=ends_epoch)
        for each in benchmarks(device_type, PACKED)
        for ends_epoch in (False, True)
    ]
    counts = np.array([astuple(work) for work in works])
    relative = counts / counts.max(axis=0)
    if device_type == "cuda":  # Where a step's trial is its pack.
        relative = np.delete(relative, [field.name for field in fields(Work)].index("steps"), 1)

    assert np.linalg.matrix_rank(relative) == relative.shape[1]


def test_times_that_are_linear_in_the_work_give_their_coefficients_back() -> None:
    rates = np.geomspace(1e-12, 1e-4, len(fields(Work)))
    exact = [
        Measurement(f"{each} {ends_epoch}", work, float(np.dot(astuple(work), rates)))
        for each in benchmarks("cpu", PACKED)
        for ends_epoch in (False, True)
        for work in [each.work(PACKED, ends_epoch=ends_epoch)]
    ]

    timings = fitted(exact)

    assert astuple(timings.seconds_each) == pytest.approx(rates, rel=1e-6)
    assert [each.ratio for each in timings.residuals] == pytest.approx([1.0] * len(exact))
    assert timings.spread == pytest.approx(0.0, abs=1e-9)


def test_short_times_count_as_much_as_long_ones() -> None:
    short = [
        Measurement(f"short {i}", replace(NO_WORK, steps=1.0), 1e-6 * factor)
        for i, factor in SCATTER
    ]
    long = [Measurement(f"long {i}", replace(NO_WORK, starts=1.0), factor) for i, factor in SCATTER]

    timings = fitted([*short, *long])

    ratios = [each.ratio for each in timings.residuals]
    assert ratios[: len(SCATTER)] == pytest.approx(ratios[len(SCATTER) :])
    assert timings.seconds_each.starts == pytest.approx(1e6 * timings.seconds_each.steps)
    logs = [math.log(ratio) for ratio in ratios]
    assert timings.spread == pytest.approx(math.sqrt(statistics.fmean(x * x for x in logs)))


SCATTER = list(enumerate((0.8, 1.0, 1.3)))


def test_how_well_it_fits_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    times = [
        Measurement("a step", replace(NO_WORK, steps=1.0), 1.0),
        Measurement("two", replace(NO_WORK, steps=2.0), 5.0),
    ]
    monkeypatch.setattr(calibration, "measure", lambda *_: times)

    with caplog.at_level(logging.INFO, logger="workers.training.calibration"):
        found = calibrate("cpu", PACKED, actors=1)

    worst = max(found.timings.residuals, key=lambda each: abs(math.log(each.ratio)))
    assert f"spread={found.timings.spread:.2f} worst={worst.ratio:.2f} of={worst.work!r}" in (
        caplog.text
    )


def test_a_device_that_cannot_run_a_benchmark_has_no_calibration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_: object, **__: object) -> Sequence[TrialEnd]:
        end = TrialEnd(trial_id=UUID(int=0), outcome=Outcome.FAILED, message="out of memory")
        return [end]

    monkeypatch.setattr(calibration, "run_pack", failing)

    with pytest.raises(BenchmarkError, match="out of memory"):
        calibrate("cpu", PACKED, actors=1)


def test_a_known_device_is_not_measured_again(
    measured: Calibration, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "calibrate", None)

    assert calibrations_of("cpu", {measured.engine}, [measured], actors=3) == []
    (told,) = calibrations_of("cpu", {measured.engine}, [measured], actors=5)
    assert (told.actors, told.timings) == (5, measured.timings)


@pytest.mark.parametrize("change", ["versions", "device"])
def test_another_device_or_version_is_measured(
    change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = calibrate("cpu", PACKED, actors=1)
    other = {"versions": "torch 1, protocol 1", "device": "another"}
    stale = Calibration(
        **{field.name: getattr(known, field.name) for field in fields(known)}
        | {change: other[change]}
    )
    asked: list[EngineName] = []

    def measure(_device: str, engine: EngineName, _actors: int) -> Calibration:
        asked.append(engine)
        return known

    monkeypatch.setattr(calibration, "calibrate", measure)

    assert calibrations_of("cpu", {PACKED}, [stale], actors=1) == [known]
    assert asked == [PACKED]


def test_a_device_that_is_not_there_is_left_to_its_trials() -> None:
    assert calibrations_of("cuda:99", {PACKED}, [], actors=1) == []


SHAPES: list[tuple[int, int, Mapping[str, object]]] = [
    (1437, 64, {"depth": 4, "width": 16, "batch_size": 10}),
    (1437, 64, {"depth": 64, "width": 32}),
    (300, 64, {"depth": 1000, "width": 32}),
    (300, 64, {"depth": 4, "width": 512, "batch_size": 10}),
    (1000, 784, {"depth": 6, "width": 512, "batch_size": 1000, "optimizer": OptimizerKind.ADAM}),
    (600, 64, {"depth": 100, "width": 100}),
    (
        600,
        64,
        {
            "depth": 50,
            "width": 100,
            "activation": Activation.TANH,
            "optimizer": OptimizerKind.ADAM,
        },
    ),
    (4000, 784, {"depth": 10, "width": 64, "batch_size": 1000}),
    (1437, 784, {"depth": 10, "width": 32, "batch_size": 50, "task": Task.AUTOENCODE}),
    (300, 64, {"depth": 20, "width": 300, "momentum": 0.9, "activation": Activation.GELU}),
    (1437, 64, {"depth": 10, "width": 32, "precision": Precision.FLOAT64}),
    (600, 64, {"depth": 20, "width": 64, "profile_epochs": (0, 1, 2)}),
    (600, 64, {"depth": 30, "width": 16, "prediction": (0.0, 1.0)}),
]


@pytest.mark.parametrize("library", ["torch", "llvmlite"])
def test_figures_are_good_for_the_versions_that_they_were_measured_with(library: str) -> None:
    assert f"{library} {version(library)}" in versions()


@pytest.mark.slow
def test_seconds_are_predicted_within_the_stated_factor() -> None:
    # CPU time, and the median of rounds: what else runs on a machine comes in bursts.
    ratios: dict[str, list[float]] = {str(changes): [] for _, _, changes in SHAPES}
    for _ in range(3):
        calibrated = calibrate("cpu", PACKED, actors=1, clock=time.process_time)
        model = CostModel(calibrated.timings)
        for n_train, n_inputs, changes in SHAPES:
            ratio = taken_to_predicted(model, n_train, n_inputs, changes)
            ratios[str(changes)].append(ratio)

    medians = {shape: statistics.median(found) for shape, found in ratios.items()}
    wrong = {k: v for k, v in medians.items() if not 1 / ERROR_FACTOR < v < ERROR_FACTOR}
    assert not wrong


def taken_to_predicted(
    model: CostModel, n_train: int, n_inputs: int, changes: Mapping[str, object]
) -> float:
    data = noise(n_inputs=n_inputs, n_train=n_train, n_eval=n_train // 4)
    g = 1.41 if changes.get("activation") is None else 1.0
    like = trial_spec(engine=PACKED, learning_rate=1e-6, g=g, **changes)
    live = slots_for(TrialShape.of(like.configuration), data.shape)
    specs = [varied(like, trial_id=UUID(int=i)) for i in range(live)]
    # The kernels of a width are made once in a process.
    list(run_pack([varied(like, depth=2)], data))
    seconds = math.inf
    for _ in range(2):
        start = time.process_time()
        told = list(run_pack(specs, data))
        seconds = min(seconds, time.process_time() - start)
        ends = [report.outcome for report in told if isinstance(report, TrialEnd)]
        assert ends == [Outcome.COMPLETED] * live
    shapes = [TrialShape.of(spec.configuration) for spec in specs]
    return seconds / sum(model.trial_seconds(shape, data.shape, live) for shape in shapes)


def test_a_burst_of_other_work_bends_no_figure() -> None:
    class Clock:
        """Every look takes a millisecond, and a second while the machine is busy; exactly."""

        def __init__(self, busy: int) -> None:
            self.now, self.busy = 0.0, busy

        def __call__(self) -> float:
            self.busy -= 1
            self.now += 2.0**-10 if self.busy < 0 else 1.0
            return self.now

    quiet = calibrate("cpu", PACKED, 1, Clock(busy=0)).timings
    # The whole of a round: in a busy one each time is taken once, between two looks.
    disturbed = calibrate("cpu", PACKED, 1, Clock(busy=2 * len(quiet.residuals))).timings

    assert disturbed == quiet


def test_threads_do_not_bend_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    times = [Measurement("a step", replace(NO_WORK, steps=1.0), 1.0)]

    def measure(*_: object) -> list[Measurement]:
        seen.add(torch.get_num_threads())
        return times

    monkeypatch.setattr(calibration, "measure", measure)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        calibrate("cpu", PACKED, actors=1)
        assert (seen, torch.get_num_threads()) == ({1}, 2)
    finally:
        torch.set_num_threads(before)
