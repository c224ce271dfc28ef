"""Survey a spec before it is submitted: its trials, their resources, and the walks to predict.

Nothing is simulated or stored here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from service.enums import GMode
from service.planner.gains import mode_of
from service.planner.learning_rates import rate_of
from service.planner.networks import width_of
from service.planner.planning import runnable_points
from service.planner.resources import TrialResources, resources_of
from service.planner.walk_requests import WalkRequest, walk_request
from service.spec import Point, SweepSpec, seeds_of
from workers.contract import DatasetShape

FIRST_ROWS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A trial as it would be planned, without its g, which can need a simulation.

    Attributes:
        point: The trial's coordinates as written.
        walk: Index of the trial's random network in `Survey.walks`.
        width: Units per hidden layer.
        parameters: Number of weights and biases.
        g_mode: Form in which the spec gives g.
        effective_lr: Learning rate after the rule for depth.
        seed: The trial's seed.
    """

    point: Point
    walk: int
    width: int
    parameters: int
    g_mode: GMode
    effective_lr: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """Trials of a sweep and the resources that they would take.

    Attributes:
        n_trials: Number of trials.
        n_points: Number of combinations of coordinates, each of which has every seed.
        rows: The first trials, in planning order; at most `FIRST_ROWS`.
        resources: Resources of one trial of each point.
        flops: Additions and multiplications of all trials together.
        datasets: The data set of each point.
        walks: The distinct random networks, in the order of their first occurrence.
        trials_of: Number of trials of each of these networks.
    """

    n_trials: int
    n_points: int
    rows: tuple[Row, ...]
    resources: tuple[TrialResources, ...]
    flops: int
    datasets: tuple[DatasetShape, ...]
    walks: tuple[WalkRequest, ...]
    trials_of: tuple[int, ...]


def survey(
    spec: SweepSpec, datasets: Mapping[str, DatasetShape], *, cap: int | None = None
) -> Survey:
    """Return the trials of a sweep and the resources that they would take.

    Args:
        spec: The spec of a sweep.
        datasets: Shapes of all known data sets, by name.
        cap: The service's limit of trials; None for the spec's limit alone.

    Raises:
        SpecError: Every reason why the spec cannot be run that needs no simulation, each once.
    """
    found, seeds = runnable_points(spec, datasets, cap), seeds_of(spec)
    indices: dict[WalkRequest, int] = {}
    tallies: list[int] = []
    resources: list[TrialResources] = []
    rows: list[Row] = []
    for point in found:
        shape = datasets[point.text("dataset.name")]
        width = width_of(point, shape)
        # Points that differ in training alone have equal requests, and share one forecast.
        index = indices.setdefault(walk_request(point, width, shape.n_inputs), len(tallies))
        if index == len(tallies):
            tallies.append(0)
        tallies[index] += len(seeds)
        taken = resources_of(point, width, shape, spec.profiles.epochs)
        resources.append(taken)
        if len(rows) < FIRST_ROWS:
            rows += _rows(point, index, width, taken, seeds[: FIRST_ROWS - len(rows)])
    return Survey(
        n_trials=len(found) * len(seeds),
        n_points=len(found),
        rows=tuple(rows),
        resources=tuple(resources),
        flops=len(seeds) * sum(taken.flops for taken in resources),
        datasets=tuple(datasets[point.text("dataset.name")] for point in found),
        walks=tuple(indices),
        trials_of=tuple(tallies),
    )


def _rows(
    point: Point, index: int, width: int, taken: TrialResources, seeds: Sequence[int]
) -> list[Row]:
    return [
        Row(
            point=point,
            walk=index,
            width=width,
            parameters=taken.parameters,
            g_mode=mode_of(point),
            effective_lr=rate_of(point),
            seed=seed,
        )
        for seed in seeds
    ]
