"""Plan a sweep: a configuration for each point, and a trial for each of its seeds."""

from collections.abc import Mapping
from uuid import UUID

from rwinit import GainNotFoundError
from service.planner.gains import not_found
from service.planner.ids import configuration_id, trial_id
from service.planner.planned import PlannedConfiguration, PlannedTrial
from service.planner.profiles import profile_issues
from service.planner.resolution import resolve, written_of
from service.planner.stopping import stopping_issues
from service.planner.validation import point_issues
from service.spec import Point, SpecError, SpecIssue, SweepSpec, points, seeds_of, size_issues
from workers.contract import DatasetShape


def plan(
    sweep_id: UUID,
    spec: SweepSpec,
    datasets: Mapping[str, DatasetShape],
    *,
    cap: int | None = None,
) -> list[PlannedConfiguration]:
    """Return every configuration of a sweep once, with a trial for each seed.

    Ids are functions of the sweep, the coordinates as written and the seed: planning again gives
    the same ids, and a larger spec keeps those it shares with the smaller.

    Args:
        sweep_id: The sweep.
        spec: The sweep's spec.
        datasets: Shapes of all known data sets, by name.
        cap: The service's limit of trials; None for the spec's limit alone.

    Raises:
        SpecError: Every reason why the spec cannot be run, each once.
    """
    found = runnable_points(spec, datasets, cap)
    seeds = seeds_of(spec)
    planned: list[PlannedConfiguration] = []
    issues: dict[SpecIssue, None] = {}
    for point in found:
        shape = datasets[point.text("dataset.name")]
        try:
            configuration = resolve(point, shape, spec.profiles.epochs)
        except GainNotFoundError as error:
            issues[not_found(point, error)] = None
            continue
        trials = (PlannedTrial(id=trial_id(sweep_id, point, seed), seed=seed) for seed in seeds)
        planned.append(
            PlannedConfiguration(
                id=configuration_id(sweep_id, point),
                configuration=configuration,
                written=written_of(point),
                trials=tuple(trials),
            )
        )
    if issues:
        raise SpecError(issues)
    return planned


def check(spec: SweepSpec, datasets: Mapping[str, DatasetShape], *, cap: int | None = None) -> int:
    """Check a spec and return the exact number of trials that `plan` would return.

    Args:
        spec: The spec of a sweep.
        datasets: Shapes of all known data sets, by name.
        cap: The service's limit of trials; None for the spec's limit alone.

    Raises:
        SpecError: Every reason why the spec cannot be run, each once. That an activation has no
            unbiased g is found by a simulation, so only `plan` raises for it.
    """
    return len(runnable_points(spec, datasets, cap)) * len(seeds_of(spec))


def runnable_points(
    spec: SweepSpec, datasets: Mapping[str, DatasetShape], cap: int | None
) -> list[Point]:
    """Return the points of a spec after checking all of them.

    Args:
        spec: The spec of a sweep.
        datasets: Shapes of all known data sets, by name.
        cap: The service's limit of trials; None for the spec's limit alone.

    Raises:
        SpecError: Every reason why the spec cannot be run that needs no simulation, each once.
    """
    # Before the expansion, which of a spec that is far too large would fill the memory.
    too_many = size_issues(spec, cap)
    if too_many:
        raise SpecError(too_many)
    found = points(spec)
    issues = dict.fromkeys((*stopping_issues(spec, found), *profile_issues(spec, found)))
    # Points often share an issue and differ in its value; the first value is reported.
    reported = {(issue.path, issue.message) for issue in issues}
    for point in found:
        for issue in point_issues(point, datasets):
            if (issue.path, issue.message) not in reported:
                reported.add((issue.path, issue.message))
                issues[issue] = None
    if issues:
        raise SpecError(issues)
    return found
