"""Predicted duration of a sweep on workers whose speed has been measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from service.planner.resources import TrialResources
from workers.contract import Calibration, DatasetShape, EngineName
from workers.estimates import CostModel, TrialShape, slots_for


@dataclass(frozen=True, slots=True)
class Duration:
    """A predicted time, good to a factor of `workers.estimates.cost.ERROR_FACTOR`.

    Attributes:
        seconds: From the first trial's start to the last one's end.
        calibration: The device that it is predicted for, with its number of workers.
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
    """Return how long the trials of some points take; None without a calibration that fits.

    Args:
        resources: What one trial of each point takes.
        datasets: The data set of each point.
        seeds: Trials of every point.
        device: ``"auto"``, ``"cpu"`` or ``"cuda"``, as in a spec.
        calibrations: Measured devices, the newest first.
    """
    calibration = _chosen({each.shape.engine for each in resources}, device, calibrations)
    if calibration is None:
        return None
    model = CostModel(calibration.timings)
    n_trials = seeds * len(resources)

    @cache
    def seconds_of(shape: TrialShape, dataset: DatasetShape) -> float:
        live = min(slots_for(shape, dataset, calibration.device_type), n_trials)
        return model.trial_seconds(shape, dataset, live)

    pairs = zip(resources, datasets, strict=True)
    each = [seconds_of(taken.shape, dataset) for taken, dataset in pairs]
    longest = max(each)  # No trial is divided between workers.
    return Duration(max(seeds * sum(each) / calibration.actors, longest), calibration)


def _chosen(
    engines: set[EngineName], device: str, calibrations: Sequence[Calibration]
) -> Calibration | None:
    """Return the newest calibration of an engine on a device; None where there is none.

    With ``"auto"`` a GPU's is preferred, as the launcher would take a GPU.
    """
    fitting = [
        each
        for each in calibrations
        if {each.engine} == engines and device in ("auto", each.device_type)
    ]
    gpus = [each for each in fitting if each.device_type == "cuda"]
    return next(iter(gpus or fitting), None)
