"""Run packs by Ray Tune on actors that are reused from pack to pack."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ray
from ray import tune

from service.logs import event
from workers.contract import Calibration, Pack, Report, StoppingKind
from workers.control import Control
from workers.datasets import Data
from workers.trainable import REPORTS, PackTrainable

if TYPE_CHECKING:
    from ray.tune.experiment import Trial

log = logging.getLogger("fathom.driver")


class ReportCallback(tune.Callback):
    """Tune callback that passes reports to the sink, and notes which packs have finished.

    Reports are removed from Tune's results, which Tune keeps in memory.
    """

    def __init__(self, receive: Callable[[Sequence[Report]], None]) -> None:
        self._receive = receive
        self.finished: set[int] = set()

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # Tune pickles its callbacks for a restore that is never made. The sink behind this one has
        # locks and a database connection, which cannot be pickled.
        return ReportCallback, (_drop,)

    # The signature is Tune's. Any: the result has Tune's own keys beside the reports.
    def on_trial_result(
        self,
        iteration: int,
        trials: "list[Trial]",
        trial: "Trial",
        result: dict[str, Any],
        **info: Any,
    ) -> None:
        """Pass the reports of one step to the sink, which only queues them and never raises."""
        self._receive(result.pop(REPORTS, []))
        if result.get("done"):
            self.finished.add(trial.config["pack"])


def _drop(reports: Sequence[Report]) -> None:
    """Drop reports: the receiver of an unpickled callback, which no one runs."""


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """Number of actors of a sweep, and the resources of each.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        actors: Number of actors that run at once.
        memory_bytes: Memory that one actor may use; 0 if unknown.
    """

    device: str
    actors: int
    memory_bytes: int = 0

    def per_actor(self) -> dict[str, float]:
        """Return the resources of one actor as Ray's mapping of names to amounts."""
        return {"cpu": 1, "gpu": 1} if self.device == "cuda" else {"cpu": 1}


def worker_pool(wanted: str, memory_bytes: int | None = None) -> WorkerPool:
    """Return a pool that uses all CPUs or GPUs of the connected cluster.

    Args:
        wanted: ``"auto"``, ``"cpu"`` or ``"cuda"``; auto means GPUs if the cluster has any.
        memory_bytes: Memory that one actor may use; None for its share of a node's memory.
    """
    share = memory_bytes or _memory_share()
    # Ray leaves this function untyped; it returns amounts by resource.
    total: Mapping[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    gpus = int(total.get("GPU", 0))
    if wanted == "cuda" or (wanted == "auto" and gpus):
        # On a GPU the share of the node's main memory says nothing.
        return WorkerPool("cuda", max(1, gpus), memory_bytes or 0)
    return WorkerPool("cpu", max(1, int(total.get("CPU", 1))), share)


def _memory_share() -> int:
    """Return the bytes for each CPU of the node that has least: Ray's memory over its CPUs.

    It is 0 if no node states its memory.
    """
    # Ray leaves this function untyped; each node is a mapping of Ray's own keys.
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    shares = [
        node["Resources"]["memory"] / node["Resources"]["CPU"]
        for node in nodes
        if node["Alive"] and node["Resources"].get("CPU") and node["Resources"].get("memory")
    ]
    return int(min(shares, default=0))


def run(
    packs: Sequence[Pack],
    data: Mapping[str, Data],
    control: Control,
    pool: WorkerPool,
    receive: Callable[[Sequence[Report]], None],
    calibrations: Sequence[Calibration] = (),
    *,
    stopping: StoppingKind | None = None,
    until: int | None = None,
) -> list[Pack]:
    """Run packs until each has ended or has lost its actor.

    Args:
        packs: Packs to run, costliest first.
        data: Loaded data sets by name; sent once, through Ray's object store.
        control: The actor that workers ask whether to go on.
        pool: Device, number and memory of the workers.
        receive: Called with reports as they arrive; the reports of a trial are in order.
        calibrations: Known calibrations; a worker measures its device if none is of it.
        stopping: Kind of early stopping; None for none.
        until: Epoch after which trials are saved and stop, to wait for a decision; None for none.

    Returns:
        The packs whose actor was lost before they ended.
    """
    callback = ReportCallback(receive)
    trainable = tune.with_parameters(
        PackTrainable,
        packs=tuple(packs),
        data=dict(data),
        control=control,
        device=pool.device,
        stopping=stopping,
        until=until,
        memory_bytes=pool.memory_bytes,
        actors=pool.actors,
        calibrations=tuple(calibrations),
    )
    _fit(trainable, len(packs), pool, callback)
    lost = [pack for index, pack in enumerate(packs) if index not in callback.finished]
    if lost:
        event(log, logging.WARNING, "packs lost their actors", packs=len(lost))
    return lost


def _fit(trainable: type, n_packs: int, pool: WorkerPool, callback: ReportCallback) -> None:
    """Run one Tune trial for each pack, on actors that are reused."""
    # Tune insists on a folder for its own state, which is not used afterwards.
    scratch = Path(tempfile.mkdtemp(prefix="fathom-tune-"))
    try:
        tune.Tuner(
            tune.with_resources(trainable, pool.per_actor()),
            param_space={"pack": tune.grid_search(list(range(n_packs)))},
            tune_config=tune.TuneConfig(reuse_actors=True, max_concurrent_trials=pool.actors),
            run_config=tune.RunConfig(
                name="packs",
                storage_path=str(scratch),
                callbacks=[callback],
                checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                verbose=0,
            ),
        ).fit()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
