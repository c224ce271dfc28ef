"""Predict the duration of a sweep from calibrations of workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from service.planner.resources import TrialResources
from workers.contract import Calibration, DatasetShape, EngineName
from workers.estimates import CostModel, TrialShape, slots_for


@dataclass(frozen=True, slots=True)
class Duration:
    """A predicted time, correct within a factor of `workers.estimates.cost.ERROR_FACTOR`.

    Attributes:
        seconds: Time from the first trial's start to the last one's end.
        calibration: The device and number of workers that it is predicted for.
    """

    seconds: float
    calibration: Calibration


def duration_of(
    resources: Sequence[TrialResources],
    datasets: Sequence[DatasetShape],
    seeds: int,
    device: str,
    calibrations: Sequence[Calibration],
) -> Duration | None:
    """Return how long all trials of a sweep take; None without a suitable calibration.

    Args:
        resources: Resources of one trial of each point.
        datasets: The data set of each point.
        seeds: Number of trials of each point.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``, as in a spec.
        calibrations: Stored calibrations, newest first.
    """
    calibration = _chosen({each.shape.engine for each in resources}, device, calibrations)
    if calibration is None:
        return None
    model = CostModel(calibration.timings)
    n_trials = seeds * len(resources)

    # Many points have equal shapes, of which each cost is computed once.
    @cache
    def seconds_of(shape: TrialShape, dataset: DatasetShape) -> float:
        live = min(slots_for(shape, dataset, calibration.device_type), n_trials)
        return model.trial_seconds(shape, dataset, live)

    pairs = zip(resources, datasets, strict=True)
    each = [seconds_of(taken.shape, dataset) for taken, dataset in pairs]
    # One trial cannot be divided between workers.
    longest = max(each)
    return Duration(max(seeds * sum(each) / calibration.actors, longest), calibration)


def _chosen(
    engines: set[EngineName], device: str, calibrations: Sequence[Calibration]
) -> Calibration | None:
    """Return the newest calibration of the sweep's engine and device; None if there is none.

    It is None for a sweep with several engines, too. With ``"auto"`` a GPU is preferred, as the
    driver prefers it.
    """
    fitting = [
        each
        for each in calibrations
        if {each.engine} == engines and device in ("auto", each.device_type)
    ]
    gpus = [each for each in fitting if each.device_type == "cuda"]
    return next(iter(gpus or fitting), None)
