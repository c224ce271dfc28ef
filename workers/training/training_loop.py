"""The course of one trial: what is measured and which steps are taken, in order.

It is a conversation. The course hands out reports and, one at a time, the inputs of its steps;
who drives it takes the step, alone or with those of other trials, and sends back the loss.
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
from workers.engines import Engine, Evaluation, GradientNorms, StepInput, TrialState
from workers.schedules import factor_of_step
from workers.training.initial_walk import initial_walk
from workers.training.layer_profiles import layer_profile
from workers.training.stopwatch import Stopwatch


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A trial between two epochs, to be gone on with later, anywhere.

    Attributes:
        trial_id: The trial.
        epoch: The last one that was recorded.
        state: Its network and optimizer.
    """

    trial_id: UUID
    epoch: int
    state: TrialState


TrainingLoop = Generator[
    InitialWalk | EpochRecord | LayerProfile | Checkpoint | TrialEnd | StepInput,
    float | None,
    None,
]
"""Takes the loss after a `StepInput`, None after anything else and at the start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trained:
    """What an epoch's steps came to.

    Attributes:
        epoch: The epoch; 0 is the initial network.
        steps: Optimizer steps of the whole run so far.
        running_loss: Mean of the epoch's minibatch losses; None at epoch 0.
        lr: Rate of the epoch's last step; None at epoch 0.
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
    """Add a trial to an engine and go through its epochs.

    Args:
        engine: Where it runs; who drives the course drops the trial from it.
        spec: The trial; with 0 epochs only the initial network is measured.
        data: Its data set.
        watch: Measures the epochs; stands still while layers are looked at.
        until: Epoch after which the trial is checkpoint, if it is not its last; None for none.
        checkpoint: Where an earlier course left the trial; None begins with the initial network.

    Yields:
        The `InitialWalk`; an `EpochRecord` for epoch 0 and, after the inputs of its steps, for
        each epoch, with a `LayerProfile` behind those that the spec names; last a `TrialEnd`,
        completed or diverged, or the `Checkpoint`. Of the epoch in which a loss is not finite
        there is no record. What was checkpoint goes on with the next epoch's steps.

    Raises:
        UnsupportedTrialError: The engine or the data set cannot run the trial.
    """
    started = watch.now()
    if checkpoint is None:
        engine.add(spec)
        with watch.paused():
            walk = initial_walk(engine, spec, data.shape.n_inputs)
        yield walk
        done = _Trained()
        goes_on = yield from _measure(engine, spec, data, watch, done, started)
    else:
        engine.restore(spec, checkpoint.state)
        done, goes_on = _Trained(epoch=checkpoint.epoch, steps=checkpoint.state.steps), True
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


def _measure(
    engine: Engine, spec: TrialSpec, data: Data, watch: Stopwatch, done: _Trained, started: float
) -> Generator[EpochRecord | LayerProfile | TrialEnd, None, bool]:
    """Tell of the weights at an epoch's end, and of the trial's; return whether it goes on."""
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
    spec: TrialSpec, n_train: int, before: _Trained
) -> Generator[StepInput, float | None, _Trained | TrialEnd]:
    """Ask for the steps of the next epoch; return what they came to, or the end if one diverged."""
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
        # Divided before it is added: a sum of losses can overflow where their mean does not.
        running_loss += loss * (len(indices) / n_train)
    return _Trained(epoch=epoch, steps=steps, running_loss=running_loss, lr=rate)


def _batches(spec: TrialSpec, epoch: int, n_train: int) -> Iterator[NDArray[np.int64]]:
    order = seeding.epoch_order(spec.seed, epoch, n_train)
    for start in range(0, n_train, spec.training.batch_size):
        yield order[start : start + spec.training.batch_size]


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
