"""One trial from its first weights to its end, as an iterator.

The caller owns the time: the iterator does nothing between two `next` calls, and one that is
dropped leaves nothing behind.
"""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers import engines, seeding
from workers.contract import EpochRecord, Outcome, Report, TrialEnd, TrialSpec
from workers.datasets import Data
from workers.engines import Engine, Evaluation, GradientNorms, StepInput
from workers.schedules import factor_of_step
from workers.training.machine import trial_start

Clock = Callable[[], float]


def run_trial(
    spec: TrialSpec, data: Data, *, device: str = "cpu", clock: Clock = time.perf_counter
) -> Generator[Report | None, None, None]:
    """Train a network, reporting as it goes.

    The curve is a function of ``spec`` and ``data`` alone.

    Args:
        spec: The trial; with 0 epochs only the initial network is measured.
        data: Its data set.
        device: ``"cpu"`` or ``"cuda"``.
        clock: Seconds; the time the caller takes between two items is not counted.

    Yields:
        `TrialStart`; then an `EpochRecord` for epoch 0 and each epoch; None after every
        step; last a `TrialEnd`, completed or diverged. Of the epoch in which a loss is not
        finite there is no record.

    Raises:
        DeviceUnavailableError: There is no such device.
        UnsupportedTrialError: The engine or the data set cannot run the trial.
    """
    yield trial_start(spec, device)
    engine = engines.create(spec, data, device)
    try:
        yield from _curve(engine, spec, data.shape.n_train, clock)
    finally:
        engine.drop(spec.trial_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trained:
    """What an epoch's steps came to.

    Attributes:
        epoch: The epoch; 0 is the initial network.
        steps: Optimizer steps of the whole run so far.
        running_loss: Mean of the epoch's minibatch losses; None at epoch 0.
        lr: Rate of the epoch's last step; None at epoch 0.
        waited: Seconds that the caller took between the epoch's steps.
    """

    epoch: int = 0
    steps: int = 0
    running_loss: float | None = None
    lr: float | None = None
    waited: float = 0.0


def _curve(engine: Engine, spec: TrialSpec, n_train: int, clock: Clock) -> Iterator[Report | None]:
    started = clock()
    engine.add(spec)
    done = _Trained()
    while True:
        evaluation = engine.evaluate(spec.trial_id)
        if not (math.isfinite(evaluation.train.loss) and math.isfinite(evaluation.eval.loss)):
            yield _diverged(spec, done.epoch, done.steps)
            return
        norms = engine.probe(spec.trial_id)
        yield _record(spec, done, evaluation, norms, clock() - started - done.waited)
        if done.epoch == spec.epochs:
            yield TrialEnd(trial_id=spec.trial_id, outcome=Outcome.COMPLETED)
            return
        started = clock()
        trained = yield from _train_epoch(engine, spec, n_train, done, clock)
        if isinstance(trained, TrialEnd):
            yield trained
            return
        done = trained


def _train_epoch(
    engine: Engine, spec: TrialSpec, n_train: int, before: _Trained, clock: Clock
) -> Generator[None, None, _Trained | TrialEnd]:
    """Take the steps of the next epoch; return what they came to, or the end if one diverged."""
    epoch, steps = before.epoch + 1, before.steps
    steps_per_epoch = math.ceil(n_train / spec.batch_size)
    running_loss = rate = waited = 0.0
    for indices in _batches(spec, epoch, n_train):
        steps += 1
        factor = factor_of_step(spec.schedule, steps, steps_per_epoch, spec.epochs)
        rate = spec.learning_rate * factor
        given = {spec.trial_id: StepInput(indices, rate)}
        loss = engine.step(given)[spec.trial_id]
        if not math.isfinite(loss):
            return _diverged(spec, epoch, steps)
        # Divided before it is added: a sum of losses can overflow where their mean does not.
        running_loss += loss * (len(indices) / n_train)
        left = clock()
        yield None
        waited += clock() - left
    return _Trained(epoch=epoch, steps=steps, running_loss=running_loss, lr=rate, waited=waited)


def _batches(spec: TrialSpec, epoch: int, n_train: int) -> Iterator[NDArray[np.int64]]:
    order = seeding.epoch_order(spec.seed, epoch, n_train)
    for start in range(0, n_train, spec.batch_size):
        yield order[start : start + spec.batch_size]


def _record(
    spec: TrialSpec, done: _Trained, measured: Evaluation, norms: GradientNorms, seconds: float
) -> EpochRecord:
    return EpochRecord(
        trial_id=spec.trial_id,
        epoch=done.epoch,
        step=done.steps,
        train_loss=measured.train.loss,
        train_error=measured.train.error,
        eval_loss=measured.eval.loss,
        eval_error=measured.eval.error,
        running_loss=done.running_loss,
        lr=done.lr,
        log_grad_norm_first=norms.log_first,
        log_grad_norm_last=norms.log_last,
        seconds=seconds,
    )


def _diverged(spec: TrialSpec, epoch: int, step: int) -> TrialEnd:
    return TrialEnd(
        trial_id=spec.trial_id,
        outcome=Outcome.DIVERGED,
        diverged_epoch=epoch,
        diverged_step=step,
    )
