"""Axes and colours of a depth chart, fitted to its values."""

import math
from itertools import pairwise
from typing import Final

import altair as alt

from service.charts.depth_data import DepthChartData
from service.charts.depth_intervals import possible
from service.charts.theme import CATEGORICAL, SHAPES, WIDTH, viridis

# Above this ratio between largest and smallest value a linear axis hides the small ones.
_LOG_RATIO: Final = 30.0
# The interval of a bad series may reach above the largest mean by this factor; a wider one is cut
# at the axis's end, because it would press everything else to the bottom.
_INTERVAL_REACH: Final = 1.5
# Pixels between the points of neighbouring series at one depth.
_STEP: Final = 7.0
# Largest share of the space between two depths that the points of one of them take.
_SHARE: Final = 0.6


def depth_axis(data: DepthChartData, *, field: str = "depth", labels: bool = True) -> alt.X:
    """Return the horizontal axis of a field: depth on a logarithmic scale of base 2."""
    depths = _depths(data)
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
    domain = list(_depth_domain(depths))
    scale = alt.Scale(type="log", base=2, domain=domain, nice=False)
    return alt.X(f"{field}:Q", axis=axis, scale=scale)


def _depths(data: DepthChartData) -> list[int]:
    return [point.depth for point in data.best] or [1]


def _depth_domain(depths: list[int]) -> tuple[float, float]:
    # Free octaves on both sides: the counts of diverged trials stand to the right of the crosses.
    margin = 2.0 ** max(0.25, 0.07 * math.log2(max(depths) / min(depths)))
    return min(depths) / margin, max(depths) * margin


def series_step(data: DepthChartData) -> float:
    """Return how many pixels the points of two neighbouring series at one depth are apart."""
    depths = _depths(data)
    gaps = [math.log2(right / left) for left, right in pairwise(depths)]
    closest = min(gaps, default=math.inf) * _pixels_per_octave(depths)
    return min(_STEP, _SHARE * closest / max(1, len(series_names(data))))


def _pixels_per_octave(depths: list[int]) -> float:
    low, high = _depth_domain(depths)
    return WIDTH / math.log2(high / low)


def beside(data: DepthChartData) -> dict[str, float]:
    """Return, by series, the factor of the depths that sets its points beside those of others.

    On the logarithmic axis a factor is a shift by the same distance at every depth. The series
    stand from left to right in their order, around the depth itself.
    """
    names = series_names(data)
    octaves = series_step(data) / _pixels_per_octave(_depths(data))
    middle = (len(names) - 1) / 2
    return {name: 2.0 ** ((place - middle) * octaves) for place, name in enumerate(names)}


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
    highest = max(values)
    ends = [high for _, high in (possible(p, data) for p in data.series) if high is not None]
    top = max([highest, *(min(end, _INTERVAL_REACH * highest) for end in ends)])
    if _is_log(data):
        # 0.15 decades of space below the smallest and above the largest value.
        return 10.0 ** (math.log10(min(values)) - 0.15), 10.0 ** (math.log10(top) + 0.15)
    return min(0.0, *values), 1.1 * top or 1.0


def _is_log(data: DepthChartData) -> bool:
    values = _values(data)
    return bool(values) and min(values) > 0.0 and max(values) / min(values) > _LOG_RATIO


def _values(data: DepthChartData) -> list[float]:
    best = [v for p in data.best for v in (p.mean, possible(p, data)[1]) if v is not None]
    return best + [p.mean for p in data.series if p.mean is not None]


def series_names(data: DepthChartData) -> list[str]:
    """Return the texts of the second axis's values in the order of the series."""
    return list(dict.fromkeys(point.series for point in data.series))


def series_color(data: DepthChartData) -> alt.Color:
    """Return the colours of the second axis's values, with a legend.

    Numbers have evenly spaced colours of viridis. Other values have the colours of the categorical
    palette, which repeats after its last colour.
    """
    names = series_names(data)
    colors = viridis(len(names)) if data.ordered else list(CATEGORICAL)
    scale = alt.Scale(domain=names, range=colors)
    return alt.Color("series:N", scale=scale, legend=_legend(data))


def series_shape(data: DepthChartData) -> alt.Shape:
    """Return the shapes of the second axis's values, in the legend of their colours.

    Shapes can be told apart in a black-and-white print, and where the palette repeats.
    """
    scale = alt.Scale(domain=series_names(data), range=list(SHAPES))
    return alt.Shape("series:N", scale=scale, legend=_legend(data))


def _legend(data: DepthChartData) -> alt.Legend:
    return alt.Legend(
        title=data.series_title,
        orient="bottom",
        direction="horizontal",
        symbolOpacity=1,
        symbolSize=90,
        titleOrient="left",
        titlePadding=12,
        columnPadding=18,
        columns=7,
    )
