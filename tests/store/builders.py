"""What tests of the store put into it."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID, uuid5

from service.enums import GMode
from service.planner import PlannedConfiguration, PlannedTrial, SimulatedWalk, Written
from service.spec import Media
from service.store import Database, WriteSession, leases, sweeps, trials
from service.store.leases import Claim
from service.store.models import Sweep
from tests.factories import trial_spec, varied
from workers.contract import (
    EpochRecord,
    LayerProfile,
    Outcome,
    Prediction,
    TrialEnd,
    TrialSpec,
    TrialStart,
)

SPEC = trial_spec(trial_id=UUID(int=0), depth=8, width=32, g=1.42, epochs=10, learning_rate=0.01)
WRITTEN = Written(
    g_mode=GMode.AUTO,
    g_relative=None,
    width_parameters=None,
    lr=0.01,
    lr_depth_power=0.0,
    coordinates={"network.depth": 8, "network.width": 32},
)


def add_sweep(
    session: WriteSession,
    *,
    name: str = "sweep",
    spec_hash: str = "0" * 64,
    priority: int = 0,
    idempotency_key: str | None = None,
) -> Sweep:
    return sweeps.insert(
        session,
        name=name,
        spec_text='{"version": 1}',
        spec_media=Media.JSON,
        spec_hash=spec_hash,
        n_trials=100,
        priority=priority,
        tags={"paper": "rwi"},
        idempotency_key=idempotency_key,
    )


def as_planned(spec: TrialSpec, written: Written = WRITTEN) -> PlannedConfiguration:
    """Return a plan of one trial and a configuration of its own."""
    return PlannedConfiguration(
        id=uuid5(spec.trial_id, "configuration"),
        configuration=spec.configuration,
        written=written,
        trials=(PlannedTrial(id=spec.trial_id, seed=spec.seed),),
    )


def with_walk(planned: PlannedConfiguration, walk_id: UUID) -> PlannedConfiguration:
    """Return a planned configuration with a simulated walk."""
    walk = SimulatedWalk(id=walk_id, means=(-1.5, 0.0), deviations=(0.5, 0.0))
    prediction = Prediction(drift=-1.5, spread=0.5)
    configuration = replace(planned.configuration, prediction=prediction)
    return replace(planned, configuration=configuration, walk=walk)


def planned(sweep_id: UUID, n: int, *, epochs: int = 10) -> list[PlannedConfiguration]:
    """Return a plan whose first trials are those of any shorter plan of the sweep."""
    return [
        as_planned(varied(SPEC, trial_id=uuid5(sweep_id, f"{seed}"), seed=seed, epochs=epochs))
        for seed in range(n)
    ]


def ids_of(plan: Iterable[PlannedConfiguration]) -> list[UUID]:
    """Return the ids of a plan's trials."""
    return [trial.id for each in plan for trial in each.trials]


def claimed_sweep(
    database: Database, n_trials: int = 2, *, owner: str | None = None
) -> tuple[Claim, list[UUID]]:
    """Add a sweep with trials and claim it; return the claim and the trials' ids.

    By a driver of its own unless named: one driver would get its former sweep back instead.
    """
    with database.write() as session:
        sweep_id = add_sweep(session).id
        trials.insert_plan(session, sweep_id, plan := planned(sweep_id, n_trials))
    with database.write() as session:
        claim = leases.claim(session, owner or f"driver of {sweep_id}", 60.0)
    assert claim is not None
    assert claim.sweep_id == sweep_id
    return claim, ids_of(plan)


def start(trial_id: UUID, *, host: str = "node-1") -> TrialStart:
    return TrialStart(trial_id=trial_id, host=host, device="cpu", versions="python 3.11")


def record(trial_id: UUID, epoch: int, *, train_loss: float | None = None) -> EpochRecord:
    loss = 1.0 / (1 + epoch) if train_loss is None else train_loss
    return EpochRecord(
        trial_id=trial_id,
        epoch=epoch,
        step=epoch * 18,
        train_loss=loss,
        train_error=0.5 / (1 + epoch),
        eval_loss=loss * 1.5,
        eval_error=0.75 / (1 + epoch),
        running_loss=loss * 1.25 if epoch else None,
        lr=0.01 if epoch else None,
        log_grad_norm_first=-1.5,
        log_grad_norm_last=None,
        seconds=0.25,
    )


def profile(trial_id: UUID, epoch: int, *, depth: int = 8) -> LayerProfile:
    norms = (None, *(-0.5 * d - epoch for d in range(1, depth)))
    return LayerProfile(
        trial_id=trial_id,
        epoch=epoch,
        activation_log_norms=norms,
        error_log_norms=norms[::-1],
        gradient_log_norms=(*norms, 5e-324),
    )


def end(trial_id: UUID, outcome: Outcome = Outcome.COMPLETED) -> TrialEnd:
    return TrialEnd(trial_id=trial_id, outcome=outcome)
