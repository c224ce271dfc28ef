"""Survey of a sweep before it is submitted: its trials, what they take, the walks to predict.

Nothing is simulated here, and nothing is stored.
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
    """A trial as it would be planned, but for its g, which may have to be simulated.

    Attributes:
        point: Its coordinates as written.
        walk: Index of its random network in `Survey.walks`.
        width: Units per hidden layer.
        parameters: Weights and biases.
        g_mode: How g was written.
        effective_lr: The learning rate after the rule for depth.
        seed: Its seed.
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
    """What a sweep would run and take.

    Attributes:
        n_trials: Trials.
        n_points: Combinations of coordinates, each with every seed.
        rows: The first trials, in planning order.
        resources: What one trial of each point takes.
        flops: Additions and multiplications of all trials together.
        datasets: The data set of each point.
        walks: The distinct random networks, by first occurrence.
        trials_of: How many trials each of them has.
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
    """Return what a sweep would run and take.

    Args:
        spec: What it asks for.
        datasets: The shapes of all known data sets, by name.
        cap: The service's own limit of trials; None for no limit but the spec's.

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
