"""The run of one sweep inside its child process, from rows to rows."""

import logging
import signal
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from uuid import UUID

from service.driver.cluster import connected
from service.driver.conclusion import ExitReason, conclude
from service.driver.monitor import Monitor
from service.driver.packing import pack
from service.driver.preparation import StoppedError, prepare
from service.driver.round_plan import RoundPlan
from service.driver.sink import Sink
from service.driver.stopping import Halving, stopper_of
from service.settings import Settings
from service.spec import SpecError, SweepSpec
from service.store import Database, calibrations, records, sweeps, trials
from service.store.leases import Claim
from workers import datasets
from workers.contract import (
    Calibration,
    DatasetShape,
    Outcome,
    Pack,
    Report,
    StoppingKind,
    TrialEnd,
    TrialSpec,
)
from workers.datasets import Data, DatasetError

if TYPE_CHECKING:
    from service.driver.launcher import Resources

log = logging.getLogger("fathom.driver")

# A trial whose pack lost its actor this often runs alone; alone, this often again, it has failed.
LOSSES_BEFORE_ALONE = 2
LOSSES_ALONE = 3
# A device is measured again after a week: the last time it may have been busy.
CALIBRATION_SECONDS = 7 * 24 * 3600.0


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
        conclude(database, claim, ExitReason.GIVEN_BACK)
        return
    except (SpecError, DatasetError) as error:
        conclude(database, claim, ExitReason.FAILED, message=str(error))
        return
    rounds = _Rounds(database, claim, spec, data, shapes, settings.worker_memory_bytes)
    if unfinished:
        with connected(settings.ray_address, settings.cpus):
            # Again, because ray.init installs a handler of its own.
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            rounds.run(stop)
    conclude(database, claim, rounds.ending, message=rounds.message)


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
    ending: ExitReason = ExitReason.RAN_OUT
    message: str | None = None
    losses: Counter[UUID] = field(default_factory=Counter)
    round_plan: RoundPlan | None = None
    halving: Halving | None = None

    def run(self, stop: threading.Event) -> None:
        # Imports Ray, which reads its environment then; `connected` has set it.
        from service.driver import launcher
        from workers import control

        line = control.start(stopper_of(self.database, self.claim, self.spec))
        reserved = launcher.resources(self.spec.resources.device, self.memory_bytes)
        sink = Sink(self._write)
        watch = Monitor(self.database, self.claim, sink, line.wind_down, stop, self.spec.limits)
        watch.start()
        rule = self.spec.early_stopping
        if rule is not None and rule.kind is StoppingKind.HALVING:
            self.halving = Halving(self.database, self.claim, self.spec, rule)
        while watch.ending is None and (todo := self._unfinished()):
            here = self._on_the_way(todo)
            if not here and self.halving is not None:
                line.discard(self.halving.judge())
                continue
            known = self._calibrations()
            lost = launcher.run(
                self._packs(here, reserved, known),
                self.data,
                line,
                reserved,
                sink.receive,
                known,
                stopping=None if rule is None else rule.kind,
                until=None if self.halving is None else self.halving.until,
            )
            self.losses.update(trial.trial_id for group in lost for trial in group.specs)
            sink.receive(self._given_up())
            watch.drain()
        watch.finish()
        self.ending = watch.ending or ExitReason.RAN_OUT
        self.message = watch.message

    def _on_the_way(self, todo: Sequence[TrialSpec]) -> list[TrialSpec]:
        """Return the unfinished trials but those that wait at a rung."""
        waiting = set() if self.halving is None else self.halving.waiting()
        return [spec for spec in todo if spec.trial_id not in waiting]

    def _packs(
        self, todo: Sequence[TrialSpec], reserved: "Resources", known: Sequence[Calibration]
    ) -> list[Pack]:
        """Return the packs of a round, balanced by what is known of the device."""
        self.round_plan = RoundPlan(todo, self.shapes, reserved.device, reserved.actors, known)
        pack_size = self.spec.resources.pack_size
        packs = pack(
            todo,
            self.shapes,
            reserved.actors,
            alone=self._alone(),
            pack_size=None if pack_size == "auto" else pack_size,
            cost=self.round_plan.cost,
            memory_bytes=reserved.memory_bytes,
        )
        self.round_plan.take(packs)
        return packs

    def _write(self, batch: Sequence[Report]) -> None:
        with self.database.write() as session:
            records.write(session, self.claim, batch)
            if self.round_plan is not None:
                expected = self.round_plan.seconds_after(batch)
                sweeps.expect_end(session, self.claim.sweep_id, expected)

    def _calibrations(self) -> list[Calibration]:
        with self.database.read() as session:
            return calibrations.every(session, max_age_seconds=CALIBRATION_SECONDS)

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
