"""Training loop of one trial: its measurements and its steps, in order.

The loop is a coroutine that computes no step itself. It yields reports and, one at a time, the
inputs of its steps. The caller computes the step, alone or together with the steps of other
trials, and sends the loss back into the loop.
"""

import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from workers import seeding
from workers.contract import (
    EpochRecord,
    InitialWalk,
    LayerProfile,
    Outcome,
    TrialEnd,
    TrialSpec,
)
from workers.datasets import Data
from workers.engines import Engine, Evaluation, GradientNorms, StepInput, TrainingState
from workers.schedules import factor_of_step
from workers.training.initial_walk import initial_walk
from workers.training.layer_profiles import layer_profile
from workers.training.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """State of a trial between two epochs, from which any worker can continue it.

    Attributes:
        trial_id: The trial.
        epoch: Last epoch that was recorded.
        state: State of the network and the optimizer.
    """

    trial_id: UUID
    epoch: int
    state: TrainingState


LoopItem = InitialWalk | EpochRecord | LayerProfile | Checkpoint | TrialEnd | StepInput
"""An item that a training loop yields."""

TrainingLoop = Generator[LoopItem, float | None, None]
"""Coroutine that is sent the loss after a `StepInput`, and None after any other item."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    """Progress of a trial after the steps of an epoch.

    Attributes:
        epoch: The epoch; 0 is the initial network.
        steps: Optimizer steps since the start of the trial.
        running_loss: Mean of the epoch's minibatch losses; None at epoch 0.
        lr: Learning rate of the epoch's last step; None at epoch 0.
    """

    epoch: int = 0
    steps: int = 0
    running_loss: float | None = None
    lr: float | None = None


def training_loop(
    engine: Engine,
    spec: TrialSpec,
    data: Data,
    watch: Stopwatch,
    *,
    until: int | None = None,
    checkpoint: Checkpoint | None = None,
) -> TrainingLoop:
    """Add a trial to an engine and train it; the caller drops it from the engine.

    Args:
        engine: Engine that computes the trial.
        spec: The trial; with 0 epochs only the initial network is measured.
        data: Data set of the trial.
        watch: Clock of the epochs; paused while profiles and checkpoints are made.
        until: Epoch after which an unfinished trial yields a checkpoint and ends; None for none.
        checkpoint: State from which to continue; None starts with the initial network.

    Yields:
        `InitialWalk`; an `EpochRecord` for epoch 0 and, after the inputs of its steps, for each
        epoch, followed by a `LayerProfile` at the profile epochs; last a `TrialEnd`, completed or
        diverged, or a `Checkpoint`. The epoch in which a loss is not finite has no record. A loop
        that continues from a checkpoint starts with the steps of the next epoch.

    Raises:
        UnsupportedTrialError: The engine or the data set cannot run the trial.
    """
    if checkpoint is None:
        done = _Progress()
        goes_on = yield from _start(engine, spec, data, watch, done)
    else:
        engine.restore(spec, checkpoint.state)
        done, goes_on = _Progress(epoch=checkpoint.epoch, steps=checkpoint.state.steps), True
    while goes_on:
        if until is not None and done.epoch >= until:
            with watch.paused():
                state = engine.save(spec.trial_id)
            yield Checkpoint(spec.trial_id, done.epoch, state)
            return
        started = watch.now()
        trained = yield from _train_epoch(spec, data.shape.n_train, done)
        if isinstance(trained, TrialEnd):
            yield trained
            return
        done = trained
        goes_on = yield from _measure(engine, spec, data, watch, done, started)


def _start(
    engine: Engine, spec: TrialSpec, data: Data, watch: Stopwatch, done: _Progress
) -> Generator[InitialWalk | EpochRecord | LayerProfile | TrialEnd, None, bool]:
    """Add a trial and measure its initial network; return whether the trial goes on."""
    started = watch.now()
    engine.add(spec)
    with watch.paused():
        walk = initial_walk(engine, spec, data.shape.n_inputs)
    yield walk
    return (yield from _measure(engine, spec, data, watch, done, started))


def _measure(
    engine: Engine, spec: TrialSpec, data: Data, watch: Stopwatch, done: _Progress, started: float
) -> Generator[EpochRecord | LayerProfile | TrialEnd, None, bool]:
    """Yield the reports at an epoch's end; return whether the trial goes on."""
    evaluation = engine.evaluate(spec.trial_id)
    if not (math.isfinite(evaluation.train.loss) and math.isfinite(evaluation.eval.loss)):
        yield _diverged(spec, done.epoch, done.steps)
        return False
    norms = engine.probe(spec.trial_id)
    yield _record(spec, done, evaluation, norms, watch.now() - started)
    if done.epoch in spec.configuration.profile_epochs:
        with watch.paused():
            profile = layer_profile(engine, spec, data, done.epoch)
        yield profile
    if done.epoch == spec.training.epochs:
        yield TrialEnd(trial_id=spec.trial_id, outcome=Outcome.COMPLETED)
        return False
    return True


def _train_epoch(
    spec: TrialSpec, n_train: int, before: _Progress
) -> Generator[StepInput, float | None, _Progress | TrialEnd]:
    """Yield the step inputs of the next epoch; return the progress, or the end if it diverged."""
    epoch, steps = before.epoch + 1, before.steps
    training = spec.training
    steps_per_epoch = math.ceil(n_train / training.batch_size)
    running_loss = rate = 0.0
    for indices in _batches(spec, epoch, n_train):
        steps += 1
        factor = factor_of_step(
            spec.training.schedule, steps, steps_per_epoch, spec.training.epochs
        )
        rate = training.learning_rate * factor
        loss = yield StepInput(indices, rate)
        if loss is None or not math.isfinite(loss):
            return _diverged(spec, epoch, steps)
        # Each loss is weighted before it is added, because the sum of the losses can overflow where
        # their mean does not.
        running_loss += loss * (len(indices) / n_train)
    return _Progress(epoch=epoch, steps=steps, running_loss=running_loss, lr=rate)


def _batches(spec: TrialSpec, epoch: int, n_train: int) -> Iterator[NDArray[np.int64]]:
    order = seeding.epoch_order(spec.seed, epoch, n_train)
    for start in range(0, n_train, spec.training.batch_size):
        yield order[start : start + spec.training.batch_size]


def _record(
    spec: TrialSpec, done: _Progress, measured: Evaluation, norms: GradientNorms, seconds: float
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
