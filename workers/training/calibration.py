"""Measurement of the speed of an engine on a device.

It takes about half a second, plus the time to compile kernels.
"""

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
"""Version of the measurement; increase it when `Timings` get another meaning or are measured in
another way, so that stored calibrations are measured again."""

# Seconds of one measurement: shorter than the time slice of another process, which is a few
# milliseconds, so that some measurements are not interrupted.
_SECONDS_EACH = 0.002


class BenchmarkError(WorkersError):
    """A trial of a benchmark has failed, so that the device cannot be measured."""

    def __init__(self, benchmark: str, message: str | None) -> None:
        super().__init__(benchmark, message)
        self.benchmark = benchmark
        self.message = message

    def __str__(self) -> str:
        return f"cannot time {self.benchmark}: {self.message}"


def versions() -> str:
    """Return the versions on which timings depend; timings of other versions are not used."""
    return f"{arithmetic_versions()}, protocol {_PROTOCOL}"


def calibrations_of(
    device: str, used: Iterable[EngineName], known: Sequence[Calibration], actors: int
) -> list[Calibration]:
    """Return new calibrations of a device, measured only where no stored one is valid.

    Args:
        device: ``"cpu"`` or ``"cuda"``. A device that does not exist gives no calibration; the
            trials on it fail with an error of their own.
        used: Engines that the trials on the device need.
        known: Stored calibrations, of any device. A valid one with another number of actors is
            returned with the new number, without a measurement.
        actors: Workers of the sweep on devices of this model.

    Returns:
        Calibrations to store; empty if all stored ones are valid.
    """
    try:
        here = device_model(device)
    except engines.DeviceUnavailableError:
        return []
    valid = {each.engine: each for each in known if _is_valid(each, here)}
    found = []
    for engine in sorted(set(used)):
        if engine not in valid:
            found.append(calibrate(device, engine, actors))
        elif valid[engine].actors != actors:
            found.append(replace(valid[engine], actors=actors))
    return found


def _is_valid(known: Calibration, device: str) -> bool:
    return (known.device, known.versions) == (device, versions())


def calibrate(
    device: str, engine: EngineName, actors: int, clock: Clock = time.perf_counter
) -> Calibration:
    """Measure the speed of an engine on a device and return the calibration.

    Args:
        device: ``"cpu"`` or ``"cuda"``.
        engine: Implementation of the training step.
        actors: Workers of the sweep on devices of this model; only recorded.
        clock: Returns seconds.

    Raises:
        DeviceUnavailableError: There is no such device.
        BenchmarkError: The device cannot run a benchmark.
    """
    model = device_model(device)
    # Packs run on one thread as well; with more, the times of small steps differ and scatter.
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
    """Shortest measured time of some work.

    Attributes:
        name: Description of the work, for a person.
        work: Amount of each kind of work.
        seconds: Shortest time, above 0.
    """

    name: str
    work: Work
    seconds: float


def measure(device: str, engine: EngineName, clock: Clock) -> list[Measurement]:
    """Return the shortest times of two rounds over all benchmarks.

    Other processes disturb a machine in bursts; one round is longer than most bursts, so that
    one of the two measurements of a benchmark is usually undisturbed.

    Args:
        device: ``"cpu"`` or ``"cuda"``.
        engine: Implementation of the training step.
        clock: Returns seconds.

    Raises:
        DeviceUnavailableError: There is no such device.
        BenchmarkError: The device cannot run a benchmark.
    """
    device_type = engines.device_type(device)
    running = []
    for benchmark in benchmarks(device_type, engine):
        running.append(_RunningBenchmark(benchmark, device, engine, clock))
        running[-1].measure()
    for each in running:
        each.measure()
    return [measurement for each in running for measurement in each.measurements()]


def fitted(measurements: Sequence[Measurement]) -> Timings:
    """Return the linear model that fits measured times best.

    Non-negative least squares of the relative errors, so that short times count as much as long
    ones.

    Args:
        measurements: At least one.
    """
    # Imported here: it takes a quarter of a second, and only unknown devices are fitted.
    from scipy.optimize import nnls

    seconds = np.array([each.seconds for each in measurements])
    counts = np.array([astuple(each.work) for each in measurements])
    relative = counts / seconds[:, None]
    # Columns are scaled to a maximum of 1: their sizes differ by many orders of magnitude.
    scale = relative.max(axis=0)
    scale[scale == 0.0] = 1.0  # No benchmark has this kind of work.
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


class _RunningBenchmark:
    """A benchmark in progress, with the shortest times of its steps or of its trial starts.

    Steps that end an epoch are timed apart from the other ones.
    """

    def __init__(self, benchmark: Benchmark, device: str, engine: EngineName, clock: Clock) -> None:
        """Start the benchmark and run each kind of step once, which also compiles the kernels."""
        self._benchmark, self._engine, self._clock = benchmark, engine, clock
        self._run = run_pack(
            benchmark.specs(engine), benchmark.data(), device=device, slots=benchmark.trials
        )
        self._kinds = {True} if benchmark.starts else {True, False}
        self._shortest = dict.fromkeys(self._kinds, math.inf)
        for _ in self._kinds:
            self._advance()

    def measure(self) -> None:
        """Time each kind of step at least once, and repeat for `_SECONDS_EACH` seconds."""
        spent, seen = 0.0, set[bool]()
        while spent < _SECONDS_EACH or seen != self._kinds:
            started = self._clock()
            ends_epoch = self._advance()
            seconds = self._clock() - started
            self._shortest[ends_epoch] = min(seconds, self._shortest[ends_epoch])
            spent += seconds
            seen.add(ends_epoch)

    def measurements(self) -> list[Measurement]:
        """Return the shortest time of each kind of step so far."""
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
        """Run up to the next step or end of a trial; return whether an epoch ended on the way."""
        ends_epoch = False
        for report in self._run:
            if isinstance(report, TrialEnd) and report.outcome is not Outcome.COMPLETED:
                raise BenchmarkError(str(self._benchmark), report.message)
            if report is None or isinstance(report, TrialEnd):
                return ends_epoch
            ends_epoch = ends_epoch or isinstance(report, EpochRecord)
        raise BenchmarkError(str(self._benchmark), "no trial is left")
