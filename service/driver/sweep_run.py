"""The run of one sweep inside its child process, from rows to rows."""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from service.driver.cluster import connected
from service.driver.conclusion import Ending, conclude
from service.driver.packing import pack
from service.driver.schedule import Schedule
from service.driver.sink import Sink
from service.driver.stopping import Halving, stopper_of
from service.driver.watch import Watch
from service.logs import event
from service.planner import plan, predict
from service.settings import Settings
from service.spec import SpecError, SweepSpec, parse
from service.store import Database, calibrations, leases, records, sweeps, trials
from service.store.leases import Claim
from workers import datasets
from workers.contract import (
    Calibration,
    DatasetShape,
    Outcome,
    Report,
    StoppingKind,
    TrialEnd,
    TrialSpec,
)
from workers.datasets import Data, DatasetError

log = logging.getLogger("fathom.driver")

# A trial whose pack lost its actor this often runs alone; alone, this often again, it has failed.
LOSSES_BEFORE_ALONE = 2
LOSSES_ALONE = 3
TELL_SECONDS = 5.0


def run(settings: Settings, database: Database, claim: Claim, stop: threading.Event) -> None:
    """Plan a sweep if it is not planned, train what has no outcome, conclude.

    Args:
        settings: Of this process.
        database: The store.
        claim: The lease that the supervisor holds for this process.
        stop: Set when the process is told to give the sweep back.
    """
    shapes = datasets.shapes(settings.registry_dir)
    try:
        spec = prepare(database, claim, shapes, stop)
        with database.read() as session:
            unfinished = trials.unfinished(session, claim.sweep_id)
        data = _load(unfinished, settings)
    except StoppedError:
        conclude(database, claim, Ending.GIVEN_BACK)
        return
    except (SpecError, DatasetError) as error:
        conclude(database, claim, Ending.FAILED, message=str(error))
        return
    rounds = _Rounds(database, claim, spec, data, shapes, settings.worker_memory_bytes)
    if unfinished:
        with connected(settings.ray_address, settings.cpus):
            # Again, because ray.init installs a handler of its own.
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            rounds.run(stop)
    conclude(database, claim, rounds.ending, message=rounds.message)


def prepare(
    database: Database,
    claim: Claim,
    shapes: Mapping[str, DatasetShape],
    stop: threading.Event | None = None,
) -> SweepSpec:
    """Expand the sweep into trial rows, once, in one transaction; return its spec.

    What has to be simulated is, before that transaction, which keeps others from writing.

    Raises:
        StoppedError: The process was told to stop before the plan was stored.
        SpecError: The spec cannot be run.
        FencedOutError: Another driver has taken the sweep over.
    """
    with database.write() as session:
        leases.hold(session, claim)
        sweeps.expect_end(session, claim.sweep_id, None)  # What was expected before a break.
        sweep = sweeps.get(session, claim.sweep_id)
        is_planned = trials.is_planned(session, claim.sweep_id)
    spec = parse(sweep.spec_text, sweep.spec_media)
    if not is_planned:
        note = _Progress(claim.sweep_id, stop or threading.Event())
        planned = predict(plan(claim.sweep_id, spec, shapes), shapes, note)
        with database.write() as session:
            leases.hold(session, claim)
            trials.insert_plan(session, claim.sweep_id, planned)
        event(log, logging.INFO, "planned", sweep=claim.sweep_id, trials=len(planned))
    return spec


class StoppedError(Exception):
    """The process was told to give its sweep back while it was planning."""


@dataclass(slots=True)
class _Progress:
    """Tells of a plan's simulations now and then, and ends them when it must."""

    sweep_id: UUID
    stop: threading.Event
    told: float = field(default_factory=time.monotonic)

    def __call__(self, done: int, total: int) -> None:
        if self.stop.is_set():
            raise StoppedError
        if time.monotonic() - self.told > TELL_SECONDS:
            self.told = time.monotonic()
            event(log, logging.INFO, "simulated", sweep=self.sweep_id, walks=done, of=total)


def _load(specs: Sequence[TrialSpec], settings: Settings) -> dict[str, Data]:
    return {
        name: datasets.load(name, data_dir=settings.data_dir, registry_dir=settings.registry_dir)
        for name in sorted({spec.dataset for spec in specs})
    }


@dataclass(slots=True)
class _Rounds:
    """Runs packs until no trial is left; what a lost actor left over goes into the next round."""

    database: Database
    claim: Claim
    spec: SweepSpec
    data: Mapping[str, Data]
    shapes: Mapping[str, DatasetShape]
    memory_bytes: int | None = None
    ending: Ending = Ending.RAN_OUT
    message: str | None = None
    losses: Counter[UUID] = field(default_factory=Counter)
    schedule: Schedule | None = None

    def run(self, stop: threading.Event) -> None:
        # Imports Ray, which reads its environment then; `connected` has set it.
        from service.driver import launcher
        from workers import control

        line = control.start(stopper_of(self.database, self.claim, self.spec))
        reserved = launcher.resources(self.spec.resources.device, self.memory_bytes)
        sink = Sink(self._write)
        watch = Watch(self.database, self.claim, sink, line.wind_down, stop, self.spec.limits)
        watch.start()
        rule = self.spec.early_stopping
        halving = None
        if rule is not None and rule.kind is StoppingKind.HALVING:
            halving = Halving(self.database, self.claim, self.spec, rule)
        while watch.ending is None and (todo := self._unfinished()):
            if halving is not None:
                waiting = halving.waiting()
                todo = [spec for spec in todo if spec.trial_id not in waiting]
                if not todo:
                    line.forget(halving.judge())
                    continue
            known = self._calibrations()
            self.schedule = Schedule(todo, self.shapes, reserved.device, reserved.actors, known)
            pack_size = self.spec.resources.pack_size
            packs = pack(
                todo,
                self.shapes,
                reserved.actors,
                alone=self._alone(),
                pack_size=None if pack_size == "auto" else pack_size,
                cost=self.schedule.cost,
                memory_bytes=reserved.memory_bytes,
            )
            self.schedule.take(packs)
            lost = launcher.run(
                packs,
                self.data,
                line,
                reserved,
                sink.receive,
                known,
                stopping=None if rule is None else rule.kind,
                until=None if halving is None else halving.until,
            )
            self.losses.update(trial.trial_id for group in lost for trial in group.specs)
            sink.receive(self._given_up())
            watch.drain()
        watch.finish()
        self.ending = watch.ending or Ending.RAN_OUT
        self.message = watch.message

    def _write(self, batch: Sequence[Report]) -> None:
        with self.database.write() as session:
            records.write(session, self.claim, batch)
            if self.schedule is not None:
                expected = self.schedule.seconds_after(batch)
                sweeps.expect_end(session, self.claim.sweep_id, expected)

    def _calibrations(self) -> list[Calibration]:
        with self.database.read() as session:
            return calibrations.every(session)

    def _unfinished(self) -> list[TrialSpec]:
        with self.database.read() as session:
            return trials.unfinished(session, self.claim.sweep_id)

    def _alone(self) -> set[UUID]:
        return {trial for trial, lost in self.losses.items() if lost >= LOSSES_BEFORE_ALONE}

    def _given_up(self) -> list[TrialEnd]:
        """End trials that lost every worker; the store ignores those that had ended before."""
        return [
            TrialEnd(
                trial_id=trial,
                outcome=Outcome.FAILED,
                message=f"its worker was lost {lost} times, {LOSSES_ALONE} of them alone",
            )
            for trial, lost in self.losses.items()
            if lost >= LOSSES_BEFORE_ALONE + LOSSES_ALONE
        ]
