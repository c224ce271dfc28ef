"""A queue of trials, several of them live at once, in which an error ends its own trial only."""

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
from workers.training.training_loop import Checkpoint, TrainingLoop, training_loop

_log = logging.getLogger(__name__)


class CheckpointStore(Protocol):
    """Where trials wait between two runs."""

    def keep(self, checkpoint: Checkpoint) -> None:
        """Take a trial in; it may be lost, and is trained from the start again then."""
        ...

    def take(self, trial_id: UUID) -> Checkpoint | None:
        """Return where a trial was left, if that is still known."""
        ...


Verdict = Callable[[TrialSpec, EpochRecord], StoppingDecision | None]
"""Says of a trial, after an epoch from 1 on, whether it goes on; None says nothing."""


def run_pack(
    specs: Iterable[TrialSpec],
    data: Data,
    *,
    verdict: Verdict | None = None,
    until: int | None = None,
    checkpoints: CheckpointStore | None = None,
    device: str = "cpu",
    clock: Clock = time.perf_counter,
    slots: int | None = None,
    memory_bytes: int = MEMORY_BYTES,
) -> Generator[Report | None, None, None]:
    """Run trials from a queue; see `run_trial` for what each reports.

    Trials start in order. As many are live as their engine has slots, and a slot that one
    leaves is taken by the next at once. A trial that cannot run beside the live ones, because
    it is of another shape, waits with all behind it until these have ended. No curve depends
    on any of this.

    Args:
        specs: The trials; they share a data set. Fastest with the deepest first.
        data: It.
        verdict: Asked after each epoch from 1 on, the last one included; its decision follows the
            record, and a trial that it does not keep ends as stopped. Likewise not caught. None
            lets every trial go on.
        until: Epoch after which trials that have more are left, without an end; None for none.
        checkpoints: Where they are left, and where a trial that was left before goes on from; None
            forgets them, so that they begin anew.
        device: ``"cpu"`` or ``"cuda"``.
        clock: Seconds; the epochs of live trials overlap, and each counts whole.
        slots: Live trials at once; None takes what the engine finds best.
        memory_bytes: What they may take together.

    Yields:
        The reports of the trials as they come, and None after every step of the live ones.
        Each trial ends with one `TrialEnd`: whatever is raised inside a trial, interrupts of
        the process aside, makes it a failed one with a message. An error of a step that
        several take together is all of theirs.
    """
    queue = deque(specs)
    while queue:
        spec = queue[0]
        try:
            engine = engines.create(spec, data, device, slots, memory_bytes)
        except Exception as error:
            queue.popleft()
            yield _failed(spec, error)
            continue
        orders = _Orders(verdict, until, checkpoints)
        yield from _Bench(engine, data, device, Stopwatch(clock), orders).work(queue)


@dataclass(frozen=True, slots=True)
class _Orders:
    """Who is asked what becomes of the trials; see `run_pack`."""

    verdict: Verdict | None
    until: int | None
    checkpoints: CheckpointStore | None


@dataclass(slots=True, eq=False)
class _Seat:
    """A live trial: its course, and the step that it waits for."""

    spec: TrialSpec
    course: TrainingLoop
    wanted: StepInput | None = None


class _Bench:
    """The live trials of one engine."""

    def __init__(
        self,
        engine: Engine,
        data: Data,
        device: str,
        watch: Stopwatch,
        orders: _Orders,
    ) -> None:
        self._engine, self._data, self._device = engine, data, device
        self._name: EngineName | None = None
        self._watch, self._orders = watch, orders
        self._seats: dict[UUID, _Seat] = {}

    def work(self, queue: deque[TrialSpec]) -> Iterator[Report | None]:
        """Take trials from the queue and run them until none is live that the next could join."""
        try:
            for report in self._reports(queue):
                with self._watch.paused():
                    yield report
        finally:
            for seat in [*self._seats.values()]:
                self._leave(seat)

    def _reports(self, queue: deque[TrialSpec]) -> Iterator[Report | None]:
        yield from self._fill(queue)
        while self._seats:
            try:
                losses = self._step()
            except Exception as error:
                # Whose fault it is cannot be seen from here.
                for seat in [*self._seats.values()]:
                    self._leave(seat)
                    yield _failed(seat.spec, error)
            else:
                yield None
                for seat in [*self._seats.values()]:
                    yield from self._advance(seat, losses[seat.spec.trial_id])
            yield from self._fill(queue)

    def _fill(self, queue: deque[TrialSpec]) -> Iterator[Report]:
        """Start trials while there are slots for them."""
        engine = self._engine
        while queue and len(self._seats) < engine.slots and self._accepts(queue[0]):
            spec = queue.popleft()
            self._name = spec.engine
            try:
                start = trial_start(spec, self._device)
            except Exception as error:
                yield _failed(spec, error)
                continue
            yield start
            seat = _Seat(spec, self._course(spec))
            self._seats[spec.trial_id] = seat
            yield from self._advance(seat, None)

    def _course(self, spec: TrialSpec) -> TrainingLoop:
        checkpoints = self._orders.checkpoints
        return training_loop(
            self._engine,
            spec,
            self._data,
            self._watch,
            until=self._orders.until,
            checkpoint=None if checkpoints is None else checkpoints.take(spec.trial_id),
        )

    def _accepts(self, spec: TrialSpec) -> bool:
        return self._name in (None, spec.engine) and self._engine.accepts(spec)

    def _step(self) -> Mapping[UUID, float]:
        wanted = {key: seat.wanted for key, seat in self._seats.items()}
        return self._engine.step({key: step for key, step in wanted.items() if step is not None})

    def _advance(self, seat: _Seat, loss: float | None) -> Iterator[Report]:
        """Follow a course to its next step or its end."""
        spec = seat.spec
        while True:
            try:
                item = next(seat.course, None) if loss is None else seat.course.send(loss)
            except StopIteration:
                item = None
            except Exception as error:
                # An edge: one bad trial must not take the pack with it.
                self._leave(seat)
                yield _failed(spec, error)
                return
            loss = None
            if isinstance(item, StepInput):
                seat.wanted = item
                return
            if item is None:
                self._leave(seat)
                return
            if isinstance(item, Checkpoint):
                self._leave(seat)
                if self._orders.checkpoints is not None:
                    self._orders.checkpoints.keep(item)
                return
            yield item
            if isinstance(item, EpochRecord):
                ended = yield from self._ask(spec, item)
                if ended is not None:
                    self._leave(seat)
                    yield ended
                    return

    def _ask(
        self, spec: TrialSpec, record: EpochRecord
    ) -> Generator[StoppingDecision, None, TrialEnd | None]:
        """Return the end of a trial that is not to go on after an epoch."""
        verdict = self._orders.verdict
        decision = verdict(spec, record) if verdict is not None and record.epoch else None
        if decision is not None:
            yield decision
        # After the last epoch the trial is complete, whatever was wished of it.
        if record.epoch == spec.training.epochs:
            return None
        if decision is not None and not decision.kept:
            return stopped(decision)
        return None

    def _leave(self, seat: _Seat) -> None:
        seat.course.close()
        self._engine.drop(seat.spec.trial_id)
        del self._seats[seat.spec.trial_id]


def stopped(decision: StoppingDecision) -> TrialEnd:
    """Return the end of a trial that a rule does not keep."""
    return TrialEnd(trial_id=decision.trial_id, outcome=Outcome.STOPPED, message=decision.words())


def _failed(spec: TrialSpec, error: Exception) -> TrialEnd:
    _log.error("trial %s failed", spec.trial_id, exc_info=error)
    return TrialEnd(
        trial_id=spec.trial_id,
        outcome=Outcome.FAILED,
        message=f"{type(error).__name__}: {error}",
    )
