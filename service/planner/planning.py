"""The plan of a sweep: its trials, one per point and seed."""

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from rwinit import GainNotFoundError
from service.planner.gains import not_found
from service.planner.ids import trial_id
from service.planner.planned import PlannedTrial
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
) -> list[PlannedTrial]:
    """Return every trial of a sweep once, seeds fastest.

    A trial's id is a function of the sweep, its coordinates as written and its seed: planning
    again gives the same ids, and a larger spec keeps those it shares with the smaller.

    Args:
        sweep_id: The sweep.
        spec: What it asks for.
        datasets: The shapes of all known data sets, by name.
        cap: The service's own limit of trials; None for no limit but the spec's.

    Raises:
        SpecError: Every reason why the spec cannot be run, each once.
    """
    found = runnable(spec, datasets, cap)
    seeds = seeds_of(spec)
    trials: list[PlannedTrial] = []
    issues: dict[SpecIssue, None] = {}
    for point in found:
        ids = {seed: trial_id(sweep_id, point, seed) for seed in seeds}
        try:
            shape = datasets[point.text("dataset.name")]
            first = resolve(point, shape, ids[seeds[0]], seeds[0], spec.profiles.epochs)
        except GainNotFoundError as error:
            issues[not_found(point, error)] = None
            continue
        rest = (replace(first, trial_id=ids[seed], seed=seed) for seed in seeds[1:])
        written = written_of(point)
        trials.extend(PlannedTrial(trial, written) for trial in (first, *rest))
    if issues:
        raise SpecError(issues)
    return trials


def check(spec: SweepSpec, datasets: Mapping[str, DatasetShape], *, cap: int | None = None) -> int:
    """Return the exact number of trials that `plan` would return.

    Args:
        spec: What a sweep asks for.
        datasets: The shapes of all known data sets, by name.
        cap: The service's own limit of trials; None for no limit but the spec's.

    Raises:
        SpecError: As `plan`, but for activations whose simulation finds no unbiased g: nothing is
            simulated here.
    """
    return len(runnable(spec, datasets, cap)) * len(seeds_of(spec))


def runnable(spec: SweepSpec, datasets: Mapping[str, DatasetShape], cap: int | None) -> list[Point]:
    """Return the points of a spec, none of which has an issue.

    Raises:
        SpecError: As `check`.
    """
    too_many = size_issues(spec, cap)
    if too_many:
        raise SpecError(too_many)
    found = points(spec)
    issues = dict.fromkeys((*stopping_issues(spec, found), *profile_issues(spec, found)))
    said = {(issue.path, issue.message) for issue in issues}
    for point in found:
        for issue in point_issues(point, datasets):
            if (issue.path, issue.message) not in said:
                said.add((issue.path, issue.message))
                issues[issue] = None
    if issues:
        raise SpecError(issues)
    return found
