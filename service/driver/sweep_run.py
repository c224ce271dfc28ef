"""Run one sweep inside its child process: plan, train in rounds of packs, conclude."""

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
    from service.driver.launcher import WorkerPool

log = logging.getLogger("fathom.driver")

# A trial whose pack has lost this many actors runs in a pack of its own: it may be the cause. After
# so many more losses alone it has failed.
LOSSES_BEFORE_ALONE = 2
LOSSES_ALONE = 3
# A device is measured again after a week, because it may have been busy at the last measurement.
CALIBRATION_SECONDS = 7 * 24 * 3600.0


def run(settings: Settings, database: Database, claim: Claim, stop: threading.Event) -> None:
    """Plan a sweep if it has no plan, train its unfinished trials, and conclude it.

    Args:
        settings: Settings of this process.
        database: The store.
        claim: The claim on the sweep, whose lease the supervisor renews.
        stop: Set to give the sweep back.
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
            # Set again, because ray.init installs a handler of its own.
            signal.signal(signal.SIGTERM, lambda *_: stop.set())
            rounds.run(stop)
    conclude(database, claim, rounds.exit_reason, message=rounds.message)


def _load(specs: Sequence[TrialSpec], settings: Settings) -> dict[str, Data]:
    return {
        name: datasets.load(name, data_dir=settings.data_dir, registry_dir=settings.registry_dir)
        for name in sorted({spec.dataset for spec in specs})
    }


@dataclass(slots=True)
class _Rounds:
    """Runs packs in rounds until every trial has an outcome.

    Trials of packs that lost their actor go into the next round.
    """

    database: Database
    claim: Claim
    spec: SweepSpec
    data: Mapping[str, Data]
    shapes: Mapping[str, DatasetShape]
    memory_bytes: int | None = None
    exit_reason: ExitReason = ExitReason.FINISHED
    message: str | None = None
    losses: Counter[UUID] = field(default_factory=Counter)
    round_plan: RoundPlan | None = None
    halving: Halving | None = None

    def run(self, stop: threading.Event) -> None:
        """Run rounds until every trial has an outcome or the monitor ends the run."""
        # Imported here, because Ray reads its environment at import and `connected` sets that.
        from service.driver import launcher
        from workers import control

        control_actor = control.start(stopper_of(self.database, self.claim, self.spec))
        pool = launcher.worker_pool(self.spec.resources.device, self.memory_bytes)
        sink = Sink(self._write)
        monitor = Monitor(
            self.database, self.claim, sink, control_actor.wind_down, stop, self.spec.limits
        )
        monitor.start()
        rule = self.spec.early_stopping
        if rule is not None and rule.kind is StoppingKind.HALVING:
            self.halving = Halving(self.database, self.claim, self.spec, rule)
        while monitor.exit_reason is None and (unfinished := self._unfinished()):
            runnable = self._runnable(unfinished)
            if not runnable and self.halving is not None:
                control_actor.discard(self.halving.judge())
                continue
            known = self._calibrations()
            lost = launcher.run(
                self._packs(runnable, pool, known),
                self.data,
                control_actor,
                pool,
                sink.receive,
                known,
                stopping=None if rule is None else rule.kind,
                until=None if self.halving is None else self.halving.until,
            )
            self.losses.update(trial.trial_id for group in lost for trial in group.specs)
            sink.receive(self._failed_ends())
            monitor.drain()
        monitor.finish()
        self.exit_reason = monitor.exit_reason or ExitReason.FINISHED
        self.message = monitor.message

    def _runnable(self, unfinished: Sequence[TrialSpec]) -> list[TrialSpec]:
        """Return the unfinished trials, without those that wait at a rung of halving."""
        waiting = set() if self.halving is None else self.halving.waiting()
        return [spec for spec in unfinished if spec.trial_id not in waiting]

    def _packs(
        self, unfinished: Sequence[TrialSpec], pool: "WorkerPool", known: Sequence[Calibration]
    ) -> list[Pack]:
        """Return the packs of a round, balanced by predicted seconds or else by relative costs."""
        self.round_plan = RoundPlan(unfinished, self.shapes, pool.device, pool.actors, known)
        pack_size = self.spec.resources.pack_size
        packs = pack(
            unfinished,
            self.shapes,
            pool.actors,
            alone=self._alone(),
            pack_size=None if pack_size == "auto" else pack_size,
            cost=self.round_plan.cost,
            memory_bytes=pool.memory_bytes,
        )
        self.round_plan.set_packs(packs)
        return packs

    def _write(self, batch: Sequence[Report]) -> None:
        """Write reports and the expected end of the sweep in one transaction."""
        with self.database.write() as session:
            records.write(session, self.claim, batch)
            if self.round_plan is not None:
                expected = self.round_plan.seconds_after(batch)
                sweeps.set_expected_end(session, self.claim.sweep_id, expected)

    def _calibrations(self) -> list[Calibration]:
        with self.database.read() as session:
            return calibrations.load(session, max_age_seconds=CALIBRATION_SECONDS)

    def _unfinished(self) -> list[TrialSpec]:
        with self.database.read() as session:
            return trials.unfinished(session, self.claim.sweep_id)

    def _alone(self) -> set[UUID]:
        """Return the trials that must run in a pack of their own."""
        return {trial for trial, lost in self.losses.items() if lost >= LOSSES_BEFORE_ALONE}

    def _failed_ends(self) -> list[TrialEnd]:
        """Return the ends of trials that lost too many workers; of done ones they are ignored."""
        return [
            TrialEnd(
                trial_id=trial,
                outcome=Outcome.FAILED,
                message=f"its worker was lost {lost} times, {LOSSES_ALONE} of them alone",
            )
            for trial, lost in self.losses.items()
            if lost >= LOSSES_BEFORE_ALONE + LOSSES_ALONE
        ]
