"""The chart of a sweep's best result against depth, from its rows to a file's bytes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.charts.axes import Json
from service.charts.depth_chart import draw
from service.charts.depth_data import BestPoint, Chart, SeriesPoint
from service.query import depth_comparison
from service.query.comparison import ComparisonQuery
from service.query.configurations import NAMES
from service.query.depth_comparison import Configuration, best_of
from service.schemas.comparisons import IntervalKind, Metric, Scalar
from service.store import sweeps
from service.store.models import Trial
from workers.contract import Task

# More lines than this are a tangle: the next axis that varies is drawn instead.
_MAX_SERIES = 8
_ALL = "all"
_TITLES: Mapping[str, str] = {
    "g_relative": "relative g",
    "lr": "learning rate",
    "batch_size": "batch size",
    "width_parameters": "parameters",
}
_SUBJECTS: Mapping[Metric, str] = {
    Metric.TRAIN_LOSS: "training loss",
    Metric.TRAIN_ERROR: "training error",
    Metric.EVAL_LOSS: "test loss",
    Metric.EVAL_ERROR: "test error",
}


class ChartFormat(StrEnum):
    """File formats of charts."""

    SVG = "svg"
    PNG = "png"
    VEGA_LITE = "vl.json"


def depth_chart(session: Session, query: ComparisonQuery, file_format: ChartFormat) -> bytes:
    """Return the chart of the best result against depth as a file's content.

    Raises:
        SweepNotFoundError: There is none.
        QueryError: The moment or the level cannot be used.
    """
    return render(draw(chart(session, query)), file_format)


def render(specification: Json, file_format: ChartFormat) -> bytes:
    """Return a Vega-Lite specification as a file's content."""
    if file_format is ChartFormat.VEGA_LITE:
        return json.dumps(specification, allow_nan=False).encode()
    # Here because it loads a JavaScript engine, which most processes never need.
    import vl_convert

    if file_format is ChartFormat.SVG:
        svg: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
        return svg.encode()
    png: bytes = vl_convert.vegalite_to_png(specification, scale=2, allowed_base_urls=[])
    return png


def chart(session: Session, query: ComparisonQuery) -> Chart:
    """Return what the chart shows."""
    found = depth_comparison.by_depth(session, query)
    best = depth_comparison.depth(session, query)
    axis = second_axis(c.axes for configurations in found.values() for c in configurations)
    subject = _SUBJECTS[query.metric]
    return Chart(
        title=f"Best {subject} against depth",
        subtitle=_subtitle(session, query),
        value_title=f"{subject} ({_unit(session, query)})",
        percent=query.metric in (Metric.TRAIN_ERROR, Metric.EVAL_ERROR),
        series_title=_TITLES.get(axis, axis.replace("_", " ")) if axis else "",
        ordered=axis is not None and _is_quantity(found, axis),
        best=tuple(
            BestPoint(depth=row.depth, mean=row.mean, ci_low=row.ci_low, ci_high=row.ci_high)
            for row in best.depths
        ),
        series=_series(found, axis),
    )


def second_axis(axes: Iterable[Sequence[Scalar]]) -> str | None:
    """Return the first axis, by the order of `NAMES`, that varies over few values; or None."""
    columns = zip(*axes, strict=True)
    for name, values in zip(NAMES, columns, strict=False):
        if 1 < len(set(values)) <= _MAX_SERIES:
            return name
    return None


def _is_quantity(found: Mapping[int, Sequence[Configuration]], axis: str) -> bool:
    return all(not isinstance(value, str | bool) for value in _values(found, axis))


def _values(found: Mapping[int, Sequence[Configuration]], axis: str | None) -> list[Scalar]:
    """Return the axis's values in the order of their lines: quantities by size, empty ones last."""
    if axis is None:
        return [_ALL]
    place = NAMES.index(axis)
    values = {c.axes[place] for configurations in found.values() for c in configurations}
    return sorted(values, key=lambda value: (value is None, value or 0))


def _series(
    found: Mapping[int, Sequence[Configuration]], axis: str | None
) -> tuple[SeriesPoint, ...]:
    points = []
    for value in _values(found, axis):
        for depth, configurations in found.items():
            members = [c for c in configurations if axis is None or _has(c, axis, value)]
            if members:
                points.append(_series_point(_words(value), depth, members))
    return tuple(points)


def _has(configuration: Configuration, axis: str, value: Scalar) -> bool:
    return configuration.axes[NAMES.index(axis)] == value


def _series_point(series: str, depth: int, members: Sequence[Configuration]) -> SeriesPoint:
    best = best_of(members)
    return SeriesPoint(
        series=series,
        depth=depth,
        mean=best.mean if best else None,
        n_diverged=sum(c.n_diverged for c in members),
        n_trials=sum(c.n_trials for c in members),
    )


def _words(value: Scalar) -> str:
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _unit(session: Session, query: ComparisonQuery) -> str:
    if query.metric in (Metric.TRAIN_ERROR, Metric.EVAL_ERROR):
        return "% misclassified"
    tasks = set(session.scalars(select(Trial.task).where(_of(query)).distinct()))
    if tasks == {Task.CLASSIFY}:
        return "cross-entropy, nats"
    return "mean squared error" if tasks == {Task.AUTOENCODE} else "of the task"


def _subtitle(session: Session, query: ComparisonQuery) -> str:
    moment = query.evaluation_point()
    when = f"{moment.text} epoch" if moment.epoch is None else f"epoch {moment.epoch}"
    name = sweeps.get(session, query.sweep_id).name
    datasets = sorted(session.scalars(select(Trial.dataset).where(_of(query)).distinct()))
    kind = "Student t" if query.ci is IntervalKind.T else "bootstrap"
    band = f"band: {100 * query.level:g} % interval of the mean over seeds ({kind})"
    return " · ".join([name[:60], *([", ".join(datasets)] if datasets else []), when, band])


def _of(query: ComparisonQuery) -> ColumnElement[bool]:
    return Trial.sweep_id == query.sweep_id
