"""Preview a sweep: its size, first trials, resources, duration and predicted walks.

Nothing is written, and only the calibrations of workers' devices are read from the database.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from service import spec
from service.planner.durations import duration_of
from service.planner.forecasts import (
    Forecast,
    cached_forecast,
    immediate_forecast,
    pending_forecast,
)
from service.planner.gains import relative_of
from service.planner.networks import network_of
from service.planner.preview import Row, Survey, survey
from service.planner.walk_requests import WalkRequest
from service.planner.warnings import warnings_of
from service.schemas.preview import (
    MOST_FORECASTS,
    Preview,
    PreviewForecast,
    PreviewRange,
    PreviewRow,
    PreviewWarning,
    TimeEstimate,
)
from service.services.simulations import Simulations
from service.spec import Media
from service.store import calibrations
from workers.contract import Activation, Calibration, DatasetShape, OptimizerKind, Scheme, Task
from workers.estimates.cost import ERROR_FACTOR


def preview(
    session: Session,
    text: str | bytes,
    media: Media,
    *,
    datasets: Mapping[str, DatasetShape],
    max_trials: int,
    simulations: Simulations,
) -> Preview:
    """Return the preview of a spec without waiting for simulations, which are queued instead.

    Args:
        session: The transaction.
        text: The spec as it would be submitted.
        media: The spec's language.
        datasets: Shapes of the data sets that the spec may name, by name.
        max_trials: The service's limit of trials per sweep; the spec may set a lower one.
        simulations: The queue that simulates walks in the background.

    Raises:
        SpecError: The spec has issues; the error lists all of them.
    """
    parsed = spec.parse(text, media)
    surveyed = survey(parsed, datasets, cap=max_trials)
    shown = surveyed.walks[:MOST_FORECASTS]
    forecasts = [_forecast(request, simulations) for request in shown]
    pairs = list(zip(shown, forecasts, strict=True))
    simulations.enqueue(request for request, each in pairs if each.pending)
    # Every point is trained with the same seeds.
    seeds = surveyed.n_trials // surveyed.n_points
    return Preview(
        name=parsed.name,
        n_trials=surveyed.n_trials,
        n_points=surveyed.n_points,
        n_configurations=len(surveyed.walks),
        n_pending=sum(each.pending for each in forecasts),
        rows=tuple(_row(row, forecasts) for row in surveyed.rows),
        parameters=_range([each.parameters for each in surveyed.resources]),
        parameters_total=seeds * sum(each.parameters for each in surveyed.resources),
        memory_bytes=_range([each.memory_bytes for each in surveyed.resources]),
        flops_total=surveyed.flops,
        time=_time(surveyed, seeds, parsed.resources.device, calibrations.load(session)),
        configurations=tuple(
            _forecast_schema(surveyed, index, each) for index, each in enumerate(forecasts)
        ),
        warnings=tuple(
            PreviewWarning(kind=each.kind, message=each.message, configurations=each.places)
            for each in warnings_of(shown, forecasts)
        ),
    )


def _forecast(request: WalkRequest, simulations: Simulations) -> Forecast:
    # The cheapest source first: memory before the cache on disk.
    return (
        immediate_forecast(request)
        or simulations.result(request)
        or cached_forecast(request)
        or pending_forecast(request)
    )


def _range(values: Sequence[int]) -> PreviewRange:
    return PreviewRange(low=min(values), high=max(values))


def _time(
    surveyed: Survey, seeds: int, device: str, measured: Sequence[Calibration]
) -> TimeEstimate:
    expected = duration_of(surveyed.resources, surveyed.datasets, seeds, device, measured)
    if expected is None:
        return TimeEstimate(
            seconds=None,
            actors=None,
            device=None,
            error_factor=ERROR_FACTOR,
            remark="unknown until a sweep has run here: its workers measure their device",
        )
    return TimeEstimate(
        seconds=expected.seconds,
        actors=expected.calibration.actors,
        device=expected.calibration.device,
        error_factor=ERROR_FACTOR,
        remark=f"within a factor of {ERROR_FACTOR:g}, if the workers do nothing else",
    )


def _forecast_schema(surveyed: Survey, index: int, forecast: Forecast) -> PreviewForecast:
    request = surveyed.walks[index]
    question = request.question
    return PreviewForecast(
        name=request.label(),
        kind=request.kind,
        weights=question.weights,
        activation=question.activation,
        slope=question.slope,
        width=question.width,
        depth=question.depth,
        g_relative=request.relative,
        n_trials=surveyed.trials_of[index],
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


def _row(row: Row, forecasts: Sequence[Forecast]) -> PreviewRow:
    point = row.point
    network = network_of(point, row.width)
    return PreviewRow(
        configuration=row.walk,
        dataset=point.text("dataset.name"),
        task=Task(point.text("dataset.task")),
        kind=point.text("network.kind"),
        activation=Activation(point.text("network.activation")),
        depth=point.whole("network.depth"),
        width=row.width,
        branch_scale=getattr(network, "branch_scale", None),
        gate_bias=getattr(network, "gate_bias", None),
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
        label_smoothing=point.number("training.label_smoothing"),
        seed=row.seed,
    )
