"""Read the data of a depth chart from the rows of a sweep."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from service.charts.depth_data import BestPoint, DepthChartData, SeriesPoint
from service.query import depth_comparison
from service.query.comparison import ComparisonQuery
from service.query.configurations import AXIS_NAMES
from service.query.depth_comparison import DepthCandidate, best_of
from service.query.statistics import summarize
from service.schemas.comparisons import DepthBest, Metric, Scalar
from service.store import sweeps
from service.store.models import Configuration
from workers.contract import Task

# More lines than this cannot be told apart by eye; an axis with more values is passed over.
_MAX_SERIES: Final = 8
# Name of the only series of a chart without a second axis.
_ONLY_SERIES: Final = "all"
_TITLES: Final[Mapping[str, str]] = {
    "g_relative": "relative g",
    "lr": "learning rate",
    "batch_size": "batch size",
    "width_parameters": "parameters",
}
_SUBJECTS: Final[Mapping[Metric, str]] = {
    Metric.TRAIN_LOSS: "training loss",
    Metric.TRAIN_ERROR: "training error",
    Metric.EVAL_LOSS: "test loss",
    Metric.EVAL_ERROR: "test error",
}


def depth_chart_data(session: Session, query: ComparisonQuery) -> DepthChartData:
    """Return the best result of each depth, and of each depth and value of a second axis.

    Raises:
        SweepNotFoundError: There is no such sweep.
        QueryError: `at` or `level` is invalid.
    """
    found = depth_comparison.candidates_by_depth(session, query)
    best = depth_comparison.best_by_depth(query, found)
    axis = second_axis(
        c.configuration.axes for configurations in found.values() for c in configurations
    )
    subject = _SUBJECTS[query.metric]
    return DepthChartData(
        title=f"Best {subject} against depth",
        subtitle=(_subject_line(session, query), _interval_line(query)),
        value_title=f"{subject} ({_unit(session, query)})",
        percent=query.metric in (Metric.TRAIN_ERROR, Metric.EVAL_ERROR),
        series_title=_TITLES.get(axis, axis.replace("_", " ")) if axis else "",
        ordered=axis is not None and _is_quantity(found, axis),
        best=tuple(_best_point(row, axis) for row in best.depths),
        series=_series(query, found, axis),
    )


def second_axis(axes: Iterable[Sequence[Scalar]]) -> str | None:
    """Return the first axis of `AXIS_NAMES` that has 2 to 8 different values; None if none has.

    Args:
        axes: The axes of each configuration, in the order of `AXIS_NAMES`.
    """
    columns = zip(*axes, strict=True)
    for name, values in zip(AXIS_NAMES, columns, strict=False):
        if 1 < len(set(values)) <= _MAX_SERIES:
            return name
    return None


def _is_quantity(found: Mapping[int, Sequence[DepthCandidate]], axis: str) -> bool:
    return all(not isinstance(value, str | bool) for value in _values(found, axis))


def _values(found: Mapping[int, Sequence[DepthCandidate]], axis: str | None) -> list[Scalar]:
    """Return the values of an axis in ascending order, then words such as auto, then no value."""
    if axis is None:
        return [_ONLY_SERIES]
    index = AXIS_NAMES.index(axis)
    values = {
        c.configuration.axes[index] for configurations in found.values() for c in configurations
    }
    return sorted(values, key=lambda value: (value is None, isinstance(value, str), value or 0))


def _best_point(row: DepthBest, axis: str | None) -> BestPoint:
    series = None
    if row.configuration is not None:
        series = _value_label(row.configuration[axis]) if axis else _ONLY_SERIES
    return BestPoint(
        series=series, depth=row.depth, mean=row.mean, ci_low=row.ci_low, ci_high=row.ci_high
    )


def _series(
    query: ComparisonQuery, found: Mapping[int, Sequence[DepthCandidate]], axis: str | None
) -> tuple[SeriesPoint, ...]:
    points = []
    for value in _values(found, axis):
        for depth, configurations in found.items():
            members = [c for c in configurations if axis is None or _has_value(c, axis, value)]
            if members:
                points.append(_series_point(query, _value_label(value), depth, members))
    return tuple(points)


def _has_value(configuration: DepthCandidate, axis: str, value: Scalar) -> bool:
    return configuration.configuration.axes[AXIS_NAMES.index(axis)] == value


def _series_point(
    query: ComparisonQuery, series: str, depth: int, members: Sequence[DepthCandidate]
) -> SeriesPoint:
    best = best_of(members)
    values = list(best.by_seed.values()) if best else []
    summary = summarize(values, query.ci, query.interval_level())
    return SeriesPoint(
        series=series,
        depth=depth,
        mean=summary.mean,
        ci_low=summary.ci_low,
        ci_high=summary.ci_high,
        n_diverged=sum(c.n_diverged for c in members),
        n_trials=sum(c.n_trials for c in members),
    )


def _value_label(value: Scalar) -> str:
    if value is None:
        return "none"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _unit(session: Session, query: ComparisonQuery) -> str:
    if query.metric in (Metric.TRAIN_ERROR, Metric.EVAL_ERROR):
        return "% misclassified"
    tasks = set(session.scalars(select(Configuration.task).where(_in_sweep(query)).distinct()))
    if tasks == {Task.CLASSIFY}:
        return "cross-entropy, nats"
    if tasks == {Task.AUTOENCODE}:
        return "mean squared error"
    # The losses of the two tasks have no common unit.
    return "of the task"


def _subject_line(session: Session, query: ComparisonQuery) -> str:
    point = query.evaluation_point()
    when = f"{point.text} epoch" if point.epoch is None else f"epoch {point.epoch}"
    name = sweeps.get(session, query.sweep_id).name
    datasets = sorted(
        session.scalars(select(Configuration.dataset).where(_in_sweep(query)).distinct())
    )
    return " · ".join([name[:60], *([", ".join(datasets)] if datasets else []), when])


def _interval_line(query: ComparisonQuery) -> str:
    return (
        "black: the best of each depth · bars and grey band: "
        f"{100 * query.level:g} % intervals of means over seeds ({query.ci.label})"
    )


def _in_sweep(query: ComparisonQuery) -> ColumnElement[bool]:
    return Configuration.sweep_id == query.sweep_id
