"""Confidence intervals of a depth chart, cut to what a value can be and to what the axis shows."""

from collections.abc import Iterator

from service.charts.depth_data import BestPoint, DepthChartData, SeriesPoint


def possible(
    point: BestPoint | SeriesPoint, data: DepthChartData
) -> tuple[float, float] | tuple[None, None]:
    """Return the part of an interval that holds possible means; two None without an interval.

    Errors lie between 0 and 1, and no loss is negative. Student's interval knows neither.
    """
    if point.ci_low is None or point.ci_high is None:
        return None, None
    high = min(point.ci_high, 1.0) if data.percent else point.ci_high
    return max(point.ci_low, 0.0), high


def interval_row(
    point: BestPoint | SeriesPoint, data: DepthChartData, domain: tuple[float, float]
) -> dict[str, float] | None:
    """Return the ends of an interval, cut to the axis's domain; None without an interval."""
    low, high = possible(point, data)
    if low is None or high is None:
        return None
    # A logarithmic axis cannot show the 0 at which an interval may end.
    return {"low": max(low, domain[0]), "high": min(high, domain[1])}


def cap_values(
    point: BestPoint | SeriesPoint, data: DepthChartData, domain: tuple[float, float]
) -> Iterator[float]:
    """Yield the ends of an interval that lie within the axis's domain.

    An interval that the axis cuts has no cap there, so that it is seen to go on.
    """
    for end in possible(point, data):
        if end is not None and domain[0] <= end <= domain[1]:
            yield end
