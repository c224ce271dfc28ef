"""A device is measured once, and what is measured predicts."""

import math
import statistics
import time
from collections.abc import Mapping
from dataclasses import fields
from importlib.metadata import version
from uuid import UUID

import pytest
import torch

from tests.factories import TIMINGS, trial_spec, varied
from tests.workers.estimates.samples import noise
from workers.contract import (
    Activation,
    Calibration,
    EngineName,
    OptimizerKind,
    Outcome,
    Precision,
    Task,
    Timings,
    TrialEnd,
)
from workers.estimates import CostModel, TrialShape, slots_for
from workers.estimates.cost import BATCHES, ERROR_FACTOR, WIDTHS
from workers.training import calibration, run_pack
from workers.training.calibration import calibrate, calibrations_of, versions

PACKED = EngineName.PACKED


@pytest.fixture(scope="module", params=EngineName)
def measured(request: pytest.FixtureRequest) -> Calibration:
    return calibrate("cpu", request.param, actors=3)


def test_every_figure_is_finite_and_positive(measured: Calibration) -> None:
    for field in fields(measured.timings):
        value = getattr(measured.timings, field.name)
        values = value if isinstance(value, tuple) else (value,)
        assert all(math.isfinite(each) and each > 0.0 for each in values), field.name
    assert len(measured.timings.level) == len(WIDTHS) * len(BATCHES)


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
        """Every look takes a millisecond, and a second while the machine is busy."""

        def __init__(self, busy: int) -> None:
            self.now, self.busy = 0.0, busy

        def __call__(self) -> float:
            self.busy -= 1
            self.now += 1e-3 if self.busy < 0 else 1.0
            return self.now

    quiet, disturbed = (calibrate("cpu", PACKED, 1, Clock(busy)).timings for busy in (0, 100))

    for field in fields(quiet):
        expected = pytest.approx(getattr(quiet, field.name), abs=1e-9)
        assert getattr(disturbed, field.name) == expected, field.name


def test_threads_do_not_bend_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()

    class Bench:
        def __init__(self, *_: object) -> None: ...

        def timings(self) -> Timings:
            seen.add(torch.get_num_threads())
            return TIMINGS

    monkeypatch.setattr(calibration, "_Bench", Bench)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        calibrate("cpu", PACKED, actors=1)
        assert (seen, torch.get_num_threads()) == ({1}, 2)
    finally:
        torch.set_num_threads(before)
