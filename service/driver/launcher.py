"""Run packs through Ray Tune on warm actors."""

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
    """Hands every report to the sink; takes them out of Tune's own state, which would keep them."""

    def __init__(self, receive: Callable[[Sequence[Report]], None]) -> None:
        self._receive = receive
        self.finished: set[int] = set()

    def __reduce__(self) -> tuple[type, tuple[object, ...]]:
        # Tune pickles its callbacks for a restore that is never made; what this one holds, a
        # queue with locks and a database behind it, is of this process alone.
        return ReportCallback, (_drop,)

    # Tune's signature; the result is a mapping of Tune's own keys and ours.
    def on_trial_result(
        self,
        iteration: int,
        trials: "list[Trial]",
        trial: "Trial",
        result: dict[str, Any],
        **info: Any,
    ) -> None:
        """Pass the reports of one step on. Never raises: the sink only queues them."""
        self._receive(result.pop(REPORTS, []))
        if result.get("done"):
            self.finished.add(trial.config["pack"])


def _drop(reports: Sequence[Report]) -> None:
    """Receive for a copy that nobody runs."""


@dataclass(frozen=True, slots=True)
class WorkerPool:
    """What one actor reserves.

    Attributes:
        device: ``"cpu"`` or ``"cuda"``.
        actors: How many run at once.
        memory_bytes: What one may use; 0 where nothing is known of it.
    """

    device: str
    actors: int
    memory_bytes: int = 0

    def per_actor(self) -> dict[str, float]:
        """Return the reservation in Ray's words."""
        return {"cpu": 1, "gpu": 1} if self.device == "cuda" else {"cpu": 1}


def worker_pool(wanted: str, memory_bytes: int | None = None) -> WorkerPool:
    """Choose device and number of actors from what the connected cluster has.

    Args:
        wanted: ``"auto"``, ``"cpu"`` or ``"cuda"``; auto takes GPUs where there are any.
        memory_bytes: What one actor may use; None is its share of a node's.
    """
    share = memory_bytes or _memory_share()
    # Ray leaves this function untyped; it returns amounts by resource.
    total: Mapping[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    gpus = int(total.get("GPU", 0))
    if wanted == "cuda" or (wanted == "auto" and gpus):
        return WorkerPool("cuda", max(1, gpus), memory_bytes or 0)
    return WorkerPool("cpu", max(1, int(total.get("CPU", 1))), share)


def _memory_share() -> int:
    """Return what Ray counts as free for workers on the tightest node, for each of its CPUs."""
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
        packs: What to run, costliest first.
        data: Loaded data sets by name; shipped once through the object store.
        control: Where the workers ask whether to go on.
        pool: Device and number of actors.
        receive: Takes reports as they come, in each trial's order.
        calibrations: What is known of devices; a worker measures one that is not among them.
        stopping: The rule of early stopping that ends trials or parks them.
        until: Epoch after which trials are checkpoint; None for none.

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
    scratch = Path(tempfile.mkdtemp(prefix="fathom-tune-"))
    try:
        tune.Tuner(
            tune.with_resources(trainable, pool.per_actor()),
            param_space={"pack": tune.grid_search(list(range(len(packs))))},
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
    lost = [pack for index, pack in enumerate(packs) if index not in callback.finished]
    if lost:
        event(log, logging.WARNING, "packs lost their actors", packs=len(lost))
    return lost
