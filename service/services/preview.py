"""Preview of a sweep: counts, first rows, what it takes, and the walks that theory predicts.

It writes no row, and reads only what workers have measured of their devices.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from pydantic import Field
from sqlalchemy.orm import Session

from service import spec
from service.planner.walk_requests import WalkRequest
from service.planner.durations import duration_of
from service.planner.forecasts import Forecast, at_once, awaited, recalled
from service.planner.gains import relative_of
from service.planner.planned import GMode
from service.planner.preview import Row, Survey, survey
from service.planner.warnings import WarningKind, warnings_of
from service.schemas.reads import Read
from service.services.simulations import Simulations
from service.spec import Media
from service.store import calibrations
from workers.contract import Activation, Calibration, DatasetShape, OptimizerKind, Scheme, Task
from workers.estimates.cost import ERROR_FACTOR

MOST_WALKS: Final = 1000
"""Configurations whose walk a preview predicts; those beyond are counted only."""


class RangeRead(Read):
    """Smallest and largest over the trials of a sweep."""

    low: int
    high: int


class RowRead(Read):
    """A trial as it would be planned."""

    configuration: int = Field(description="Index in `configurations`.")
    dataset: str
    task: Task
    activation: Activation
    depth: int
    width: int
    parameters: int
    scheme: Scheme
    g_mode: GMode
    g_relative: float | None
    g: float | None = Field(description="Null while it is being simulated.")
    lr: float
    effective_lr: float = Field(description="After the rule for depth.")
    epochs: int
    batch_size: int
    optimizer: OptimizerKind
    seed: int


class ForecastRead(Read):
    """A random network and its predicted walk; what is not known is null."""

    name: str = Field(description="The configuration in words.")
    weights: str
    activation: Activation
    slope: float
    width: int
    depth: int
    g_relative: float | None
    n_trials: int
    g: float | None
    exact: bool = Field(description="Whether the walk has a closed form.")
    pending: bool = Field(description="Whether it is still being simulated: ask again.")
    drift: float | None = Field(description="Mean of ln(|delta_1| / |delta_D|), in nats.")
    drift_error: float | None = Field(description="Its standard error; 0 where it is exact.")
    spread: float | None = Field(description="Standard deviation of it, in nats.")
    death_probability: float | None = Field(
        description="Chance that some layer passes nothing; null where there is no formula."
    )
    decorrelation: float | None = Field(
        description=(
            "1 less the correlation, in the last layer, of inputs that are uncorrelated in the "
            "first; for linear, relu and leaky_relu."
        )
    )
    depth_scale: float | None = Field(
        description=(
            "Layers over which a correlation's distance from its fixed point falls by e, in wide "
            "networks; null where it falls slower."
        )
    )
    remark: str | None = Field(description="Why numbers are missing for good.")


class WarningRead(Read):
    """One thing that is expected to go wrong."""

    kind: WarningKind
    message: str = Field(description="In words, with the worst configurations by name.")
    configurations: tuple[int, ...] = Field(description="Indices in `configurations`.")


class TimeEstimateRead(Read):
    """How long a sweep would take; null where no worker has been measured yet."""

    seconds: float | None = Field(description="From the first trial to the last; not Ray's start.")
    actors: int | None = Field(description="On so many workers, as many as there were last.")
    device: str | None = Field(description="The model of their processor.")
    error_factor: float = Field(description="The time may be so many times longer or shorter.")
    remark: str = Field(description="In words.")


class PreviewRead(Read):
    """What a sweep would run, take and, by theory, do."""

    name: str
    n_trials: int
    n_points: int = Field(description="Combinations of coordinates, each with every seed.")
    n_configurations: int = Field(description="Distinct random networks among them.")
    n_pending: int = Field(description="Predicted walks that are still being simulated.")
    rows: tuple[RowRead, ...] = Field(description="The first trials, in planning order.")
    parameters: RangeRead
    parameters_total: int = Field(description="Over all trials.")
    memory_bytes: RangeRead = Field(
        description=(
            "Peak of a worker that runs one trial alone and keeps every activation: parameters, "
            "gradients, optimizer state, activations, full passes, its data set; no libraries."
        )
    )
    flops_total: int = Field(description="Of all matrix products of all trials.")
    time: TimeEstimateRead
    configurations: tuple[ForecastRead, ...] = Field(
        description=f"By first occurrence; at most {MOST_WALKS}."
    )
    warnings: tuple[WarningRead, ...]


def preview(
    session: Session,
    text: str | bytes,
    media: Media,
    *,
    datasets: Mapping[str, DatasetShape],
    max_trials: int,
    simulations: Simulations,
) -> PreviewRead:
    """Return what a spec would run, at once; what has to be simulated is asked for and pending.

    Args:
        session: The transaction.
        text: The spec as it would be sent.
        media: Its language.
        datasets: What the spec may name.
        max_trials: Trials a sweep may have at most, whatever its own limit says.
        simulations: Does what takes long.

    Raises:
        SpecError: Every issue of the spec.
    """
    parsed = spec.parse(text, media)
    found = survey(parsed, datasets, cap=max_trials)
    shown = found.walks[:MOST_WALKS]
    forecasts = [_forecast(request, simulations) for request in shown]
    pairs = list(zip(shown, forecasts, strict=True))
    simulations.ask(request for request, each in pairs if each.pending)
    seeds = found.n_trials // found.n_points
    return PreviewRead(
        name=parsed.name,
        n_trials=found.n_trials,
        n_points=found.n_points,
        n_configurations=len(found.walks),
        n_pending=sum(each.pending for each in forecasts),
        rows=tuple(_row(row, forecasts) for row in found.rows),
        parameters=_range([each.parameters for each in found.resources]),
        parameters_total=seeds * sum(each.parameters for each in found.resources),
        memory_bytes=_range([each.memory_bytes for each in found.resources]),
        flops_total=found.flops,
        time=_time(found, seeds, parsed.resources.device, calibrations.every(session)),
        configurations=tuple(_read(found, index, each) for index, each in enumerate(forecasts)),
        warnings=tuple(
            WarningRead(kind=each.kind, message=each.message, configurations=each.places)
            for each in warnings_of(shown, forecasts)
        ),
    )


def _forecast(request: WalkRequest, simulations: Simulations) -> Forecast:
    return at_once(request) or simulations.result(request) or recalled(request) or awaited(request)


def _range(values: Sequence[int]) -> RangeRead:
    return RangeRead(low=min(values), high=max(values))


def _time(found: Survey, seeds: int, device: str, known: Sequence[Calibration]) -> TimeEstimateRead:
    expected = duration_of(found.resources, found.datasets, seeds, device, known)
    if expected is None:
        return TimeEstimateRead(
            seconds=None,
            actors=None,
            device=None,
            error_factor=ERROR_FACTOR,
            remark="unknown until a sweep has run here: its workers measure their device",
        )
    return TimeEstimateRead(
        seconds=expected.seconds,
        actors=expected.calibration.actors,
        device=expected.calibration.device,
        error_factor=ERROR_FACTOR,
        remark=f"within a factor of {ERROR_FACTOR:g}, if the workers do nothing else",
    )


def _read(found: Survey, index: int, forecast: Forecast) -> ForecastRead:
    request = found.walks[index]
    asked = request.question
    return ForecastRead(
        name=request.label(),
        weights=asked.weights,
        activation=asked.activation,
        slope=asked.slope,
        width=asked.width,
        depth=asked.depth,
        g_relative=request.relative,
        n_trials=found.trials_of[index],
        g=forecast.g,
        exact=request.exact and request.has_law,
        pending=forecast.pending,
        drift=forecast.drift,
        drift_error=forecast.drift_error,
        spread=forecast.spread,
        death_probability=forecast.death_probability,
        decorrelation=forecast.decorrelation,
        depth_scale=forecast.depth_scale,
        remark=forecast.remark,
    )


def _row(row: Row, forecasts: Sequence[Forecast]) -> RowRead:
    point = row.point
    return RowRead(
        configuration=row.walk,
        dataset=point.text("dataset.name"),
        task=Task(point.text("dataset.task")),
        activation=Activation(point.text("network.activation")),
        depth=point.whole("network.depth"),
        width=row.width,
        parameters=row.parameters,
        scheme=Scheme(point.text("init.scheme")),
        g_mode=row.g_mode,
        g_relative=relative_of(point),
        # The first rows have the first configurations, which are never left out.
        g=forecasts[row.walk].g,
        lr=point.number("training.lr"),
        effective_lr=row.effective_lr,
        epochs=point.whole("training.epochs"),
        batch_size=point.whole("training.batch_size"),
        optimizer=OptimizerKind(point.text("training.optimizer.kind")),
        seed=row.seed,
    )
