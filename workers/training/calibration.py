"""Measures how fast a device runs an engine: under half a second, and that much to make kernels."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from uuid import UUID

import numpy as np
import torch

from workers import engines
from workers.contract import (
    Activation,
    Calibration,
    DatasetShape,
    EngineName,
    Figures,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
    TrialSpec,
)
from workers.datasets import Data
from workers.engines import Engine, StepInput
from workers.engines.devices import device_model
from workers.estimates import TrialShape, slots_for
from workers.estimates.cost import BATCHES, WIDTHS
from workers.schedules import Schedule
from workers.training.initial_walk import initial_walk
from workers.training.machine import arithmetic_versions
from workers.training.pack import run_pack

_PROTOCOL = 2
"""Rises when what `Figures` mean or how they are measured changes."""

_N_INPUTS, _N_CLASSES = 8, 2
_DEPTH = 4
_SECONDS_EACH = 0.008
_TRIES = 4
# What is left of a difference of two times when noise has taken it away.
_LEAST_SHARE = 0.05

Clock = Callable[[], float]


def versions() -> str:
    """Return what figures have to agree in to be used again."""
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
    return Calibration(
        device_type=engines.device_type(device),
        device=device_model(device),
        engine=engine,
        versions=versions(),
        actors=actors,
        figures=_Bench(device, engine, clock).figures(),
    )


class _Bench:
    """Times steps of small packs, deep ones less flat ones."""

    def __init__(self, device: str, engine: EngineName, clock: Clock) -> None:
        self._device, self._engine, self._clock = device, engine, clock
        self._is_cpu = engines.device_type(device) == "cpu"

    def figures(self) -> Figures:
        self._layer(self._trial(16, 10), 1)  # Loads kernels.
        call = self._layer(self._trial(16, 10), 1)
        level = [self._level(self._trial(n, b), call) for n in WIDTHS for b in BATCHES]
        adam = [self._adam(n, call, level[i * len(BATCHES)]) for i, n in enumerate(WIDTHS)]
        smooth = self._level(self._trial(64, 100, Activation.GELU), call)
        plain = level[WIDTHS.index(64) * len(BATCHES) + BATCHES.index(100)]
        step, trial_step = self._steps()
        passes, chunk = zip(*(self._passes(n) for n in WIDTHS), strict=True)
        start_layer, start_weight = self._start()
        return Figures(
            call=call,
            step=step,
            trial_step=trial_step,
            level=tuple(level),
            adam=tuple(adam),
            curved=_difference(smooth, plain) / (64 * 100),
            full_pass=passes,
            chunk=min(chunk),
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
        return replace(
            _SPEC,
            width=width,
            batch_size=batch,
            activation=activation,
            optimizer=optimizer,
            engine=self._engine,
        )

    def _slots(self, spec: TrialSpec) -> int:
        return slots_for(TrialShape.of(spec), _shape(spec.batch_size)) if self._is_cpu else 1

    def _level(self, spec: TrialSpec, call: float) -> float:
        slots = self._slots(spec)
        return _difference(self._layer(spec, slots), call) / slots

    def _adam(self, width: int, call: float, plain: float) -> float:
        spec = self._trial(width, BATCHES[0], optimizer=OptimizerKind.ADAM)
        return _difference(self._level(spec, call), plain)

    def _layer(self, spec: TrialSpec, slots: int) -> float:
        """Return the seconds that a hidden layer adds to a step."""
        deep = self._step(replace(spec, depth=1 + _DEPTH), slots)
        return _difference(deep, self._step(replace(spec, depth=1), slots)) / _DEPTH

    def _step(self, spec: TrialSpec, slots: int) -> float:
        engine, trials = self._filled(spec, slots)
        rows = np.arange(spec.batch_size)
        inputs = {trial.trial_id: StepInput(rows, 1e-6) for trial in trials}
        return self._timed(lambda: engine.step(inputs))

    def _filled(self, spec: TrialSpec, slots: int) -> tuple[Engine, list[TrialSpec]]:
        engine = engines.create(spec, _data(spec.batch_size), self._device, slots)
        trials = [replace(spec, trial_id=UUID(int=i)) for i in range(slots)]
        for trial in trials:
            engine.add(trial)
        return engine, trials

    def _steps(self) -> tuple[float, float]:
        """Return what the loop and the engine take for a step, and for each trial in it."""
        alone, many = self._loop(1), self._loop(4)
        each = _difference(many, alone) / 3
        return _difference(alone, each), each

    def _loop(self, slots: int) -> float:
        spec = replace(self._trial(WIDTHS[0], 1), depth=1, epochs=1)
        trials = [replace(spec, trial_id=UUID(int=i)) for i in range(slots)]
        run = run_pack(trials, _data(24), device=self._device, slots=slots)
        # Nothing but steps lies between the first and the last None.
        moments = [self._clock() for report in run if report is None]
        return (moments[-1] - moments[2]) / (len(moments) - 3)

    def _passes(self, width: int) -> tuple[float, float]:
        """Return a hidden layer's part of a full pass over 1,000 samples, and the rest of it."""
        times = []
        for depth in (1, 1 + _DEPTH):
            spec = replace(self._trial(width, 1000), depth=depth)
            engine, (trial,) = self._filled(spec, 1)
            times.append(self._timed(partial(engine.evaluate, trial.trial_id)))
        flat, deep = times
        return _difference(deep, flat) / _DEPTH, flat / 2

    def _start(self) -> tuple[float, float]:
        """Return what a layer and what a weight take until a trial's passes are all prepared."""
        small, large = (self._begun(width) for width in (WIDTHS[0], WIDTHS[-1]))
        weights = _DEPTH * (WIDTHS[-1] ** 2 - WIDTHS[0] ** 2)
        return small / _DEPTH, _difference(large, small) / weights

    def _begun(self, width: int) -> float:
        spec = replace(self._trial(width, BATCHES[0]), depth=1 + _DEPTH)
        engine, (trial,) = self._filled(spec, 1)
        inputs = {trial.trial_id: StepInput(np.arange(spec.batch_size), 1e-6)}

        def begin() -> None:
            engine.add(trial)
            initial_walk(engine, trial, _N_INPUTS)
            engine.step(inputs)
            engine.evaluate(trial.trial_id)
            engine.probe(trial.trial_id)

        return self._timed(begin)

    def _timed(self, work: Callable[[], object]) -> float:
        """Return the shortest of a few runs, after one that warms up."""
        work()
        self._wait()
        shortest, spent = float("inf"), 0.0
        for _ in range(_TRIES):
            start = self._clock()
            work()
            self._wait()
            taken = self._clock() - start
            shortest, spent = min(shortest, taken), spent + taken
            if spent > _SECONDS_EACH:
                break
        return shortest

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
    dataset="noise",
    task=Task.CLASSIFY,
    kind="ffn",
    activation=Activation.RELU,
    slope=0.01,
    depth=1,
    width=16,
    scheme=Scheme.HE,
    g=2.0**0.5,
    g_in=1.0,
    g_out=1.0,
    epochs=0,
    batch_size=10,
    optimizer=OptimizerKind.SGD,
    momentum=0.0,
    nesterov=False,
    weight_decay=0.0,
    clip_norm=None,
    beta1=0.9,
    beta2=0.999,
    eps=1e-8,
    learning_rate=1e-6,
    schedule=Schedule(),
    precision=Precision.FLOAT32,
    seed=0,
    engine=EngineName.PACKED,
)
