"""The data sets of a depth chart, by the names under which its marks refer to them."""

from collections.abc import Mapping, Sequence

from service.charts.depth_data import BestPoint, DepthChartData, SeriesPoint
from service.charts.depth_intervals import cap_values, interval_row, possible
from service.charts.scales import beside, value_domain

_Row = dict[str, object]


def datasets(data: DepthChartData) -> dict[str, list[_Row]]:
    """Return the rows of each data set.

    A row's ``place`` is the depth at which a point is drawn; screen readers read ``description``.
    """
    return {
        **_points_and_intervals("best", data, data.best),
        **_points_and_intervals("series", data, data.series),
        "diverged": [
            {
                "depth": p.depth,
                "series": p.series,
                "label": f"{p.n_diverged}/{p.n_trials}",
                "all": p.n_diverged == p.n_trials,
            }
            for p in data.series
            if p.n_diverged
        ],
    }


def _points_and_intervals(
    name: str, data: DepthChartData, points: Sequence[BestPoint] | Sequence[SeriesPoint]
) -> Mapping[str, list[_Row]]:
    domain = value_domain(data)
    places = beside(data)
    means: list[_Row] = []
    intervals: list[_Row] = []
    caps: list[_Row] = []
    for p in points:
        if p.mean is None or p.series is None:
            continue
        place: _Row = {
            "depth": p.depth,
            "place": p.depth * places.get(p.series, 1.0),
            "series": p.series,
        }
        means.append({**place, "value": p.mean, "description": _description(p, p.mean, data)})
        ends = interval_row(p, data, domain)
        if ends is not None:
            intervals.append({**place, **ends})
        caps += [{**place, "value": end} for end in cap_values(p, data, domain)]
    return {name: means, f"{name}_intervals": intervals, f"{name}_caps": caps}


def _description(point: BestPoint | SeriesPoint, mean: float, data: DepthChartData) -> str:
    of_what = f", {data.series_title} {point.series}" if data.series_title else ""
    low, high = possible(point, data)
    interval = ""
    if low is not None and high is not None:
        interval = f", interval {_number(low, data)} to {_number(high, data)}"
    return f"depth {point.depth}{of_what}: {_number(mean, data)}{interval}"


def _number(value: float, data: DepthChartData) -> str:
    return f"{100 * value:.3g} %" if data.percent else f"{value:.3g}"
