"""Axes and colours of a depth chart, fitted to its values."""

import math
from typing import Final

import altair as alt

from service.charts.depth_data import DepthChartData
from service.charts.theme import CATEGORICAL, viridis

# Above this ratio between largest and smallest value a linear axis hides the small ones.
_LOG_RATIO: Final = 30.0


def depth_axis(data: DepthChartData, *, labels: bool = True) -> alt.X:
    """Return the horizontal axis: depth on a logarithmic scale of base 2."""
    depths = [point.depth for point in data.best] or [1]
    # Free octaves on both sides: the counts of diverged trials stand to the right of the crosses.
    margin = 2.0 ** max(0.25, 0.07 * math.log2(max(depths) / min(depths)))
    domain = [min(depths) / margin, max(depths) * margin]
    axis = alt.Axis(
        title="depth (hidden layers)" if labels else None,
        values=depths,
        format="d",
        labels=labels,
        ticks=labels,
        domain=labels,
        labelOverlap="greedy",
        grid=True,
    )
    return alt.X(
        "depth:Q", axis=axis, scale=alt.Scale(type="log", base=2, domain=domain, nice=False)
    )


def value_axis(data: DepthChartData, field: str) -> alt.Y:
    """Return the vertical axis of a field; logarithmic if the values span decades."""
    low, high = value_domain(data)
    log = _is_log(data)
    axis = alt.Axis(title=data.value_title, format=value_format(data), labelOverlap="greedy")
    if log:
        axis.values = _log_ticks(low, high)
    else:
        axis.tickCount = 6
    scale = alt.Scale(type="log" if log else "linear", domain=[low, high], nice=False)
    return alt.Y(f"{field}:Q", axis=axis, scale=scale)


def _log_ticks(low: float, high: float) -> list[float]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    # Over three decades or more, labels at 1, 2 and 5 would overlap.
    steps = (1, 2, 5) if high / low < 1e3 else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def value_format(data: DepthChartData) -> str:
    """Return the number format of values: three significant digits, in per cent for fractions."""
    return ".3~p" if data.percent else ".3~g"


def value_domain(data: DepthChartData) -> tuple[float, float]:
    """Return the lowest and the highest value of the vertical axis."""
    values = _values(data) or [1.0]
    if _is_log(data):
        # 0.15 decades of space below the smallest and above the largest value.
        return 10.0 ** (math.log10(min(values)) - 0.15), 10.0 ** (math.log10(max(values)) + 0.15)
    return min(0.0, *values), 1.1 * max(values) or 1.0


def _is_log(data: DepthChartData) -> bool:
    values = _values(data)
    return bool(values) and min(values) > 0.0 and max(values) / min(values) > _LOG_RATIO


def _values(data: DepthChartData) -> list[float]:
    best = [v for p in data.best for v in (p.mean, p.ci_high) if v is not None]
    return best + [p.mean for p in data.series if p.mean is not None]


def series_names(data: DepthChartData) -> list[str]:
    """Return the texts of the second axis's values in the order of the series."""
    return list(dict.fromkeys(point.series for point in data.series))


def series_color(data: DepthChartData) -> alt.Color:
    """Return the colour scale of the second axis's values, with a legend.

    Numbers have evenly spaced colours of viridis. Other values have the colours of the categorical
    palette, which repeats after its last colour.
    """
    names = series_names(data)
    legend = alt.Legend(
        title=data.series_title,
        orient="bottom",
        direction="horizontal",
        symbolType="stroke",
        symbolStrokeWidth=3,
        symbolOpacity=1,
        titleOrient="left",
        titlePadding=12,
        columnPadding=18,
        columns=7,
    )
    colors = viridis(len(names)) if data.ordered else list(CATEGORICAL)
    scale = alt.Scale(domain=names, range=colors)
    return alt.Color("series:N", scale=scale, legend=legend)
