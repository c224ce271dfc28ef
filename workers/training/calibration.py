"""Measures how fast a device runs an engine: in about half a second, besides making kernels."""

import time
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import numpy as np
import torch
from numpy.typing import NDArray

from workers import engines
from workers.contract import (
    Activation,
    Calibration,
    Configuration,
    DatasetShape,
    EngineName,
    Init,
    Network,
    Optimizer,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
    Timings,
    Training,
    TrialSpec,
)
from workers.contract.leaves import varied
from workers.datasets import Data
from workers.engines import Engine, StepInput
from workers.engines.devices import device_model, fixed_arithmetic
from workers.estimates import TrialShape, slots_for
from workers.estimates.cost import BATCHES, WIDTHS
from workers.schedules import Schedule
from workers.training.environment import arithmetic_versions
from workers.training.initial_walk import initial_walk
from workers.training.pack import run_pack

_PROTOCOL = 3
"""Rises when what `Timings` mean or how they are measured changes."""

_N_INPUTS, _N_CLASSES = 8, 2
_DEPTH = 4
# What else runs on a machine comes in bursts: a round is longer than most of them.
_ROUNDS = 2
_SECONDS_EACH, _TRIES = 0.002, 12
# Of the loops whose steps are timed one by one.
_TRIALS, _STEPS, _EPOCHS = 4, 16, 4
# What is left of a difference of two times when noise has taken it away.
_LEAST_SHARE = 0.05

Clock = Callable[[], float]


def versions() -> str:
    """Return what timings have to agree in to be used again."""
    return f"{arithmetic_versions()}, protocol {_PROTOCOL}"


def calibrations_of(
    device: str, used: Iterable[EngineName], known: Sequence[Calibration], actors: int
) -> list[Calibration]:
    """Return what nobody knows yet of this device: measured, if it is not known but for actors.

    Args:
        device: ``"cpu"`` or ``"cuda"``; one that is not there has nothing, and its trials say so.
        used: Engines that its trials need.
        known: Other calibrations.
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
    """
    # As a pack is run: with more threads small steps take other times, and scattered ones.
    with fixed_arithmetic():
        bench = _Bench(device, engine, clock)
        for _ in range(_ROUNDS):
            timings = bench.timings()
    return Calibration(
        device_type=engines.device_type(device),
        device=device_model(device),
        engine=engine,
        versions=versions(),
        actors=actors,
        timings=timings,
    )


class _Bench:
    """Times steps of small packs, deep ones less flat ones; the longer it does, the better."""

    def __init__(self, device: str, engine: EngineName, clock: Clock) -> None:
        self._device, self._engine, self._clock = device, engine, clock
        self._is_cpu = engines.device_type(device) == "cpu"
        self._works: dict[Hashable, Callable[[], object]] = {}
        self._shortest: dict[Hashable, float] = {}

    def timings(self) -> Timings:
        """Return timings of the shortest times so far."""
        call = self._layer(self._trial(16, 10), 1)
        level = [self._level(self._trial(n, b), call) for n in WIDTHS for b in BATCHES]
        adam = [self._adam(n, call, level[i * len(BATCHES)]) for i, n in enumerate(WIDTHS)]
        smooth = self._level(self._trial(64, 100, Activation.GELU), call)
        plain = level[WIDTHS.index(64) * len(BATCHES) + BATCHES.index(100)]
        step, trial_step = self._steps()
        epoch = self._epoch()
        passes, chunk = zip(*(self._passes(n) for n in WIDTHS), strict=True)
        start, start_layer, start_weight = self._start()
        return Timings(
            call=call,
            step=step,
            trial_step=trial_step,
            epoch=_difference(epoch, 2 * min(chunk)),
            level=tuple(level),
            adam=tuple(adam),
            curved=_difference(smooth, plain) / (64 * 100),
            full_pass=passes,
            chunk=min(chunk),
            start=start,
            start_layer=start_layer,
            start_weight=start_weight,
        )

    def _trial(
        self,
        width: int,
        batch: int,
        activation: Activation = Activation.RELU,
        optimizer: OptimizerKind = OptimizerKind.SGD,
    ) -> TrialSpec:
        return varied(
            _SPEC,
            width=width,
            batch_size=batch,
            activation=activation,
            optimizer=optimizer,
            engine=self._engine,
        )

    def _slots(self, spec: TrialSpec) -> int:
        return (
            slots_for(TrialShape.of(spec.configuration), _shape(spec.training.batch_size))
            if self._is_cpu
            else 1
        )

    def _level(self, spec: TrialSpec, call: float) -> float:
        slots = self._slots(spec)
        return _difference(self._layer(spec, slots), call) / slots

    def _adam(self, width: int, call: float, plain: float) -> float:
        spec = self._trial(width, BATCHES[0], optimizer=OptimizerKind.ADAM)
        return _difference(self._level(spec, call), plain)

    def _layer(self, spec: TrialSpec, slots: int) -> float:
        """Return the seconds that a hidden layer adds to a step."""
        deep = self._step(varied(spec, depth=1 + _DEPTH), slots)
        return _difference(deep, self._step(varied(spec, depth=1), slots)) / _DEPTH

    def _step(self, spec: TrialSpec, slots: int) -> float:
        def prepare() -> Callable[[], object]:
            engine, trials = self._filled(spec, slots)
            rows = np.arange(spec.training.batch_size)
            return partial(engine.step, {each.trial_id: StepInput(rows, 1e-6) for each in trials})

        return self._timed(("step", spec, slots), prepare)

    def _filled(self, spec: TrialSpec, slots: int) -> tuple[Engine, list[TrialSpec]]:
        engine = engines.create(spec, _data(spec.training.batch_size), self._device, slots)
        trials = [varied(spec, trial_id=UUID(int=i)) for i in range(slots)]
        for trial in trials:
            engine.add(trial)
        return engine, trials

    def _steps(self) -> tuple[float, float]:
        """Return what the loop and the engine take for a step, and for each trial in it."""
        alone, many = self._loop(1), self._loop(_TRIALS)
        each = _difference(many, alone) / (_TRIALS - 1)
        return _difference(alone, each), each

    def _loop(self, slots: int) -> float:
        # The median passes over what lies between a few steps besides.
        return self._least(("loop", slots), np.median(self._intervals(slots, epochs=1)))

    def _epoch(self) -> float:
        """Return what the end of an epoch takes."""
        between = self._intervals(slots=1, epochs=1 + _EPOCHS)
        end = np.median(np.sort(between)[-_EPOCHS:]) - np.median(between)
        return self._least("epoch", end)

    def _intervals(self, slots: int, epochs: int) -> NDArray[np.float64]:
        """Return the seconds from step to step of flat trials."""
        spec = varied(self._trial(WIDTHS[0], BATCHES[0]), depth=1, epochs=epochs)
        trials = [varied(spec, trial_id=UUID(int=i)) for i in range(slots)]
        run = run_pack(trials, _data(_STEPS * BATCHES[0]), device=self._device, slots=slots)
        return np.diff([self._clock() for report in run if report is None])

    def _passes(self, width: int) -> tuple[float, float]:
        """Return a hidden layer's part of a full pass over 1,000 samples, and the rest of it."""
        flat, deep = (self._evaluated(width, depth) for depth in (1, 1 + _DEPTH))
        return _difference(deep, flat) / _DEPTH, flat / 2

    def _evaluated(self, width: int, depth: int) -> float:
        spec = varied(self._trial(width, 1000), depth=depth)

        def prepare() -> Callable[[], object]:
            engine, (trial,) = self._filled(spec, 1)
            return partial(engine.evaluate, trial.trial_id)

        return self._timed(("evaluate", spec), prepare)

    def _start(self) -> tuple[float, float, float]:
        """Return what a trial, a layer and a weight take until all passes are prepared."""
        narrow, wide = WIDTHS[0], WIDTHS[-1]
        flat, small = self._begun(narrow, 1), self._begun(narrow, 1 + _DEPTH)
        layer = _difference(small, flat) / _DEPTH
        weights = _DEPTH * (wide**2 - narrow**2)
        more = _difference(self._begun(wide, 1 + _DEPTH), small)
        return _difference(flat, layer), layer, more / weights

    def _begun(self, width: int, depth: int) -> float:
        spec = varied(self._trial(width, BATCHES[0]), depth=depth)

        def prepare() -> Callable[[], object]:
            engine, (trial,) = self._filled(spec, 1)
            inputs = {trial.trial_id: StepInput(np.arange(spec.training.batch_size), 1e-6)}

            def begin() -> None:
                engine.add(trial)
                initial_walk(engine, trial, _N_INPUTS)
                engine.step(inputs)
                engine.evaluate(trial.trial_id)
                engine.probe(trial.trial_id)

            return begin

        return self._timed(("begin", spec), prepare)

    def _timed(self, key: Hashable, prepare: Callable[[], Callable[[], object]]) -> float:
        """Return the shortest of all runs of what is prepared once, but for one that warms up."""
        if key not in self._works:
            self._works[key] = prepare()
            self._works[key]()
            self._wait()
        work, spent = self._works[key], 0.0
        for _ in range(_TRIES):
            start = self._clock()
            work()
            self._wait()
            taken = self._clock() - start
            self._least(key, taken)
            spent += taken
            if spent > _SECONDS_EACH:
                break
        return self._shortest[key]

    def _least(self, key: Hashable, seconds: float) -> float:
        self._shortest[key] = min(float(seconds), self._shortest.get(key, float("inf")))
        return self._shortest[key]

    def _wait(self) -> None:
        if not self._is_cpu:
            torch.cuda.synchronize(self._device)


def _difference(more: float, less: float) -> float:
    """Return a difference of times that are both noisy; positive."""
    return max(more - less, _LEAST_SHARE * more)


def _shape(n_train: int) -> DatasetShape:
    return DatasetShape(
        name="noise", n_inputs=_N_INPUTS, n_classes=_N_CLASSES, n_train=n_train, n_eval=1
    )


def _data(n_train: int) -> Data:
    rng = np.random.default_rng(0)
    return Data(
        train_x=rng.standard_normal((n_train, _N_INPUTS), dtype=np.float32),
        train_y=rng.integers(0, _N_CLASSES, n_train),
        eval_x=rng.standard_normal((1, _N_INPUTS), dtype=np.float32),
        eval_y=np.zeros(1, dtype=np.int64),
        shape=_shape(n_train),
        sha256="",
    )


_SPEC = TrialSpec(
    trial_id=UUID(int=0),
    seed=0,
    configuration=Configuration(
        dataset="noise",
        task=Task.CLASSIFY,
        network=Network(kind="ffn", activation=Activation.RELU, slope=0.01, depth=1, width=16),
        init=Init(scheme=Scheme.HE, g=2.0**0.5, g_in=1.0, g_out=1.0),
        training=Training(
            epochs=0,
            batch_size=10,
            learning_rate=1e-6,
            schedule=Schedule(),
            optimizer=Optimizer(),
            precision=Precision.FLOAT32,
        ),
        engine=EngineName.PACKED,
    ),
)
