"""Training of a queue of trials, several of them at once.

An error in one trial ends this trial alone, as failed.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from workers import engines
from workers.contract import (
    EngineName,
    EpochRecord,
    Outcome,
    Report,
    StoppingDecision,
    TrialEnd,
    TrialSpec,
)
from workers.datasets import Data
from workers.engines import Engine, StepInput
from workers.estimates.capacity import MEMORY_BYTES
from workers.training.environment import trial_start
from workers.training.stopwatch import Clock, Stopwatch
from workers.training.training_loop import (
    Checkpoint,
    LoopItem,
    TrainingLoop,
    training_loop,
)

_log = logging.getLogger(__name__)


class CheckpointStore(Protocol):
    """Storage of checkpoints between two runs of a trial."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Store a checkpoint. The store may lose it; the trial is then trained from the start."""
        ...

    def load(self, trial_id: UUID) -> Checkpoint | None:
        """Return the checkpoint of a trial; None if the store has none."""
        ...


Judge = Callable[[TrialSpec, EpochRecord], StoppingDecision | None]
"""Returns the decision of early stopping after an epoch from 1 on; None if the rule makes none."""


def run_pack(
    specs: Iterable[TrialSpec],
    data: Data,
    *,
    judge: Judge | None = None,
    until: int | None = None,
    checkpoints: CheckpointStore | None = None,
    device: str = "cpu",
    clock: Clock = time.perf_counter,
    slots: int | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> Generator[Report | None, None, None]:
    """Train the trials of a queue, as many at once as the engine has slots.

    Trials start in order. One that cannot run beside the live ones, because its shape differs,
    waits with all later ones until these have ended. No curve depends on any of this.

    Args:
        specs: Trials on one data set. The deepest first is the fastest order.
        data: Data set of the trials.
        judge: Called after each epoch from 1 on, the last one included. A trial that its decision
            does not keep ends as stopped. Its exceptions are not caught.
        until: Epoch after which unfinished trials are left, without an end; None for none.
        checkpoints: Store from which trials continue, and where those left at ``until`` are saved;
            None starts every trial anew.
        device: ``"cpu"`` or ``"cuda"``.
        clock: Returns seconds.
        slots: Live trials at once; None lets the engine choose.
        memory_bytes: Memory of all live trials together.

    Yields:
        The reports of each trial as `run_trial` yields them, with each decision of the judge after
        its record, and None after every step of the live trials. An exception inside a trial,
        except an interrupt of the process, ends it as failed; one in a common step ends all live
        trials so.
    """
    options = _Options(judge, until, checkpoints)
    queue = deque(specs)
    while queue:
        spec = queue[0]
        try:
            engine = engines.create(spec, data, device, slots, memory_bytes)
        except Exception as error:
            queue.popleft()
            yield _failed(spec, error)
            continue
        # An engine has the shape of its first trial. Trials of another shape get a new engine.
        yield from _LivePack(engine, data, device, Stopwatch(clock), options).run(queue)


@dataclass(frozen=True, slots=True)
class _Options:
    """Options of `run_pack` that decide when a trial ends or pauses."""

    judge: Judge | None
    until: int | None
    checkpoints: CheckpointStore | None


@dataclass(slots=True, eq=False)
class _LiveTrial:
    """A trial in training.

    Attributes:
        spec: The trial.
        loop: Its training loop.
        step_input: Input of the step for which the loop waits; None before the first.
    """

    spec: TrialSpec
    loop: TrainingLoop
    step_input: StepInput | None = None

    def resume(self, loss: float | None) -> LoopItem | None:
        """Return the next item of the loop; None if it has ended.

        Args:
            loss: Loss of the step for which the loop waits; None if it waits for none.
        """
        try:
            return next(self.loop) if loss is None else self.loop.send(loss)
        except StopIteration:
            return None


class _LivePack:
    """The live trials of one engine."""

    def __init__(
        self,
        engine: Engine,
        data: Data,
        device: str,
        watch: Stopwatch,
        options: _Options,
    ) -> None:
        self._engine, self._data, self._device = engine, data, device
        self._engine_name: EngineName | None = None
        self._watch, self._options = watch, options
        self._trials: dict[UUID, _LiveTrial] = {}

    def run(self, queue: deque[TrialSpec]) -> Iterator[Report | None]:
        """Train trials from the front of the queue until all have ended.

        The first trial left in the queue is then one that this engine cannot run.
        """
        try:
            for report in self._reports(queue):
                with self._watch.paused():
                    yield report
        finally:
            # A list, because `_remove` changes the dictionary.
            for trial in [*self._trials.values()]:
                self._remove(trial)

    def _reports(self, queue: deque[TrialSpec]) -> Iterator[Report | None]:
        yield from self._start_trials(queue)
        while self._trials:
            try:
                losses = self._step()
            except Exception as error:
                # The engine computes all trials in one call, so the faulty one is not known.
                for trial in [*self._trials.values()]:
                    self._remove(trial)
                    yield _failed(trial.spec, error)
            else:
                yield None
                for trial in [*self._trials.values()]:
                    yield from self._advance(trial, losses[trial.spec.trial_id])
            yield from self._start_trials(queue)

    def _start_trials(self, queue: deque[TrialSpec]) -> Iterator[Report]:
        """Start trials from the queue while there are free slots."""
        engine = self._engine
        while queue and len(self._trials) < engine.slots and self._accepts(queue[0]):
            spec = queue.popleft()
            self._engine_name = spec.engine
            try:
                start = trial_start(spec, self._device)
            except Exception as error:
                yield _failed(spec, error)
                continue
            yield start
            trial = _LiveTrial(spec, self._training_loop(spec))
            self._trials[spec.trial_id] = trial
            yield from self._advance(trial, None)

    def _training_loop(self, spec: TrialSpec) -> TrainingLoop:
        checkpoints = self._options.checkpoints
        return training_loop(
            self._engine,
            spec,
            self._data,
            self._watch,
            until=self._options.until,
            checkpoint=None if checkpoints is None else checkpoints.load(spec.trial_id),
        )

    def _accepts(self, spec: TrialSpec) -> bool:
        # An engine would also accept a trial that is planned for another engine.
        return self._engine_name in (None, spec.engine) and self._engine.accepts(spec)

    def _step(self) -> Mapping[UUID, float]:
        inputs = {key: trial.step_input for key, trial in self._trials.items()}
        return self._engine.step({key: each for key, each in inputs.items() if each is not None})

    def _advance(self, trial: _LiveTrial, loss: float | None) -> Iterator[Report]:
        """Run a trial up to its next step or its end, and yield its reports."""
        while True:
            try:
                item = trial.resume(loss)
            except Exception as error:
                # One bad trial must not end the whole pack.
                self._remove(trial)
                yield _failed(trial.spec, error)
                return
            loss = None
            if isinstance(item, StepInput):
                trial.step_input = item
                return
            if item is None or isinstance(item, Checkpoint):
                self._remove(trial)
                if item is not None and self._options.checkpoints is not None:
                    self._options.checkpoints.save(item)
                return
            yield item
            if isinstance(item, EpochRecord):
                end = yield from self._judge(trial.spec, item)
                if end is not None:
                    self._remove(trial)
                    yield end
                    return

    def _judge(
        self, spec: TrialSpec, record: EpochRecord
    ) -> Generator[StoppingDecision, None, TrialEnd | None]:
        """Yield the judge's decision after an epoch; return the trial's end if it is stopped."""
        judge = self._options.judge
        decision = judge(spec, record) if judge is not None and record.epoch else None
        if decision is not None:
            yield decision
        # After its last epoch a trial is complete, whatever the decision.
        if record.epoch == spec.training.epochs:
            return None
        if decision is not None and not decision.kept:
            return stopped(decision)
        return None

    def _remove(self, trial: _LiveTrial) -> None:
        trial.loop.close()
        self._engine.drop(trial.spec.trial_id)
        del self._trials[trial.spec.trial_id]


def stopped(decision: StoppingDecision) -> TrialEnd:
    """Return the end of a trial that early stopping has stopped."""
    return TrialEnd(trial_id=decision.trial_id, outcome=Outcome.STOPPED, message=decision.words())


def _failed(spec: TrialSpec, error: Exception) -> TrialEnd:
    _log.error("trial %s failed", spec.trial_id, exc_info=error)
    return TrialEnd(
        trial_id=spec.trial_id,
        outcome=Outcome.FAILED,
        message=f"{type(error).__name__}: {error}",
    )
