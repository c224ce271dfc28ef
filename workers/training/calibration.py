"""Measures how fast a device runs an engine: in about half a second, besides making kernels."""

import logging
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace

import numpy as np

from workers import engines
from workers.contract import (
    Calibration,
    EngineName,
    EpochRecord,
    Outcome,
    Residual,
    Timings,
    TrialEnd,
    Work,
)
from workers.engines.devices import device_model, fixed_arithmetic
from workers.errors import WorkersError
from workers.training.benchmarks import Benchmark, benchmarks
from workers.training.environment import arithmetic_versions
from workers.training.pack import run_pack
from workers.training.stopwatch import Clock

_log = logging.getLogger(__name__)

_PROTOCOL = 4
"""Rises when what `Timings` mean or how they are measured changes."""

# A time slice of another process is a few milliseconds.
_SECONDS_EACH = 0.002


class BenchmarkError(WorkersError):
    """A trial that a device was to be timed on has failed."""

    def __init__(self, benchmark: str, message: str | None) -> None:
        super().__init__(benchmark, message)
        self.benchmark = benchmark
        self.message = message

    def __str__(self) -> str:
        return f"cannot time {self.benchmark}: {self.message}"


def versions() -> str:
    """Return what timings have to agree in to be used again."""
    return f"{arithmetic_versions()}, protocol {_PROTOCOL}"


def calibrations_of(
    device: str, used: Iterable[EngineName], known: Sequence[Calibration], actors: int
) -> list[Calibration]:
    """Return the calibrations that are missing or have changed; measure a device if it is new.

    Args:
        device: ``"cpu"`` or ``"cuda"``; one that is not there has nothing, and its trials say so.
        used: Engines that its trials need.
        known: Other calibrations. One whose number of actors alone differs is returned with the
            new number, unmeasured.
        actors: Workers of the sweep on such devices.
    """
    try:
        here = device_model(device)
    except engines.DeviceUnavailableError:
        return []
    good = {each.engine: each for each in known if _is_good(each, here)}
    found = []
    for engine in sorted(set(used)):
        if engine not in good:
            found.append(calibrate(device, engine, actors))
        elif good[engine].actors != actors:
            found.append(replace(good[engine], actors=actors))
    return found


def _is_good(known: Calibration, device: str) -> bool:
    return (known.device, known.versions) == (device, versions())


def calibrate(
    device: str, engine: EngineName, actors: int, clock: Clock = time.perf_counter
) -> Calibration:
    """Measure a device.

    Args:
        device: ``"cpu"`` or ``"cuda"``.
        engine: Which implementation.
        actors: Passed on.
        clock: Seconds.

    Raises:
        DeviceUnavailableError: There is no such device.
        BenchmarkError: It cannot run a benchmark.
    """
    model = device_model(device)
    # As a pack is run: with more threads small steps take other times, and scattered ones.
    with fixed_arithmetic():
        timings = fitted(measure(device, engine, clock))
    worst = max(timings.residuals, key=lambda each: abs(math.log(each.ratio)))
    _log.info(
        "calibrated device=%r engine=%s times=%d spread=%.2f worst=%.2f of=%r",
        model,
        engine,
        len(timings.residuals),
        timings.spread,
        worst.ratio,
        worst.work,
    )
    return Calibration(
        device_type=engines.device_type(device),
        device=model,
        engine=engine,
        versions=versions(),
        actors=actors,
        timings=timings,
    )


@dataclass(frozen=True, slots=True)
class Measurement:
    """The shortest time that some work took.

    Attributes:
        name: The work in words.
        work: How much there is of each kind.
        seconds: The time, positive.
    """

    name: str
    work: Work
    seconds: float


def measure(device: str, engine: EngineName, clock: Clock) -> list[Measurement]:
    """Return the shorter times of two rounds over all benchmarks.

    What else runs on a machine comes in bursts, and a round is longer than most of them.

    Args:
        device: ``"cpu"`` or ``"cuda"``.
        engine: Which implementation.
        clock: Seconds.

    Raises:
        DeviceUnavailableError: There is no such device.
        BenchmarkError: It cannot run a benchmark.
    """
    device_type = engines.device_type(device)
    timed = []
    for benchmark in benchmarks(device_type, engine):
        timed.append(_Timed(benchmark, device, engine, clock))
        timed[-1].measure()
    for each in timed:
        each.measure()
    return [measurement for each in timed for measurement in each.measurements()]


def fitted(measurements: Sequence[Measurement]) -> Timings:
    """Return the seconds of each kind of work that explain some times best.

    They are those, none of them negative, with the least squares of relative errors, so that
    short times count as much as long ones.

    Args:
        measurements: At least one.
    """
    # A quarter of a second, which a worker on a known device has no use for.
    from scipy.optimize import nnls

    seconds = np.array([each.seconds for each in measurements])
    counts = np.array([astuple(each.work) for each in measurements])
    relative = counts / seconds[:, None]
    scale = relative.max(axis=0)
    scale[scale == 0.0] = 1.0  # None of the work is of this kind.
    solution, _ = nnls(relative / scale, np.ones(len(seconds)))
    rates = solution / scale
    names = [field.name for field in fields(Work)]
    ratios = (seconds / (counts @ rates)).tolist()
    return Timings(
        seconds_each=Work(**dict(zip(names, rates.tolist(), strict=True))),
        residuals=tuple(
            Residual(each.name, each.seconds, ratio)
            for each, ratio in zip(measurements, ratios, strict=True)
        ),
    )


class _Timed:
    """A running benchmark, and the shortest times from step to step or from trial to trial.

    Of the steps, those are kept apart between which an epoch ends.
    """

    def __init__(self, benchmark: Benchmark, device: str, engine: EngineName, clock: Clock) -> None:
        """Run all that will be timed, once: kernels are made and buffers touched."""
        self._benchmark, self._engine, self._clock = benchmark, engine, clock
        self._run = run_pack(
            benchmark.specs(engine), benchmark.data(), device=device, slots=benchmark.trials
        )
        self._kinds = {True} if benchmark.starts else {True, False}
        self._shortest = dict.fromkeys(self._kinds, math.inf)
        for _ in self._kinds:
            self._advance()

    def measure(self) -> None:
        """Time each kind at least once, and more often if that is soon done."""
        spent, seen = 0.0, set[bool]()
        while spent < _SECONDS_EACH or seen != self._kinds:
            started = self._clock()
            ends_epoch = self._advance()
            seconds = self._clock() - started
            self._shortest[ends_epoch] = min(seconds, self._shortest[ends_epoch])
            spent += seconds
            seen.add(ends_epoch)

    def measurements(self) -> list[Measurement]:
        """Return the shortest times so far."""
        return [
            Measurement(
                f"{self._name(ends_epoch)} of {self._benchmark}",
                self._benchmark.work(self._engine, ends_epoch=ends_epoch),
                seconds,
            )
            for ends_epoch, seconds in self._shortest.items()
        ]

    def _name(self, ends_epoch: bool) -> str:
        if self._benchmark.starts:
            return "start"
        return "step and epoch's end" if ends_epoch else "step"

    def _advance(self) -> bool:
        """Go on to the next step or trial's end; return whether an epoch ended before it."""
        ends_epoch = False
        for report in self._run:
            if isinstance(report, TrialEnd) and report.outcome is not Outcome.COMPLETED:
                raise BenchmarkError(str(self._benchmark), report.message)
            if report is None or isinstance(report, TrialEnd):
                return ends_epoch
            ends_epoch = ends_epoch or isinstance(report, EpochRecord)
        raise BenchmarkError(str(self._benchmark), "no trial is left")
