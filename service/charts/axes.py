"""Axes, scales and colours of charts, as pieces of Vega-Lite."""

import math
from collections.abc import Sequence

from service.charts.depth_data import Chart

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | dict[str, "JsonValue"]
Json = dict[str, JsonValue]

INK = "#1b1f24"
MUTED = "#59636e"
FAINT = "#d8dee4"
# Okabe and Ito's palette, which stays apart for every common colour blindness; its yellow is
# left out because it fades on white, and its black because the best line is dark already.
CATEGORICAL = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# Viridis without its palest end, for values with an order.
ORDERED = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151")
# Above this ratio between largest and smallest value a linear axis hides the small ones.
_LOG_RATIO = 30.0


def depth_axis(chart: Chart, *, labels: bool) -> Json:
    """Return the horizontal axis: depth, in powers of two."""
    depths = [point.depth for point in chart.best] or [1]
    axis: Json = {
        "title": "depth (hidden layers)" if labels else None,
        "values": depths,
        "format": "d",
        "labels": labels,
        "ticks": labels,
        "domain": labels,
        "labelOverlap": "greedy",
        "grid": True,
    }
    # Octaves left free on both sides: room for a count to the right of the last cross.
    margin = 2.0 ** max(0.25, 0.07 * math.log2(max(depths) / min(depths)))
    domain: list[JsonValue] = [min(depths) / margin, max(depths) * margin]
    return {
        "field": "depth",
        "type": "quantitative",
        "scale": {"type": "log", "base": 2, "domain": domain, "nice": False},
        "axis": axis,
    }


def value_axis(chart: Chart, field: str) -> Json:
    """Return the vertical axis of a field; logarithmic where values span decades."""
    low, high = value_domain(chart)
    log = _is_log(chart)
    scale: Json = {"type": "log" if log else "linear", "domain": [low, high], "nice": False}
    axis: Json = {
        "title": chart.value_title,
        "format": _number_format(chart),
        "labelOverlap": "greedy",
        **({"values": _log_ticks(low, high)} if log else {"tickCount": 6}),
    }
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}


def _log_ticks(low: float, high: float) -> list[JsonValue]:
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if high / low < 1e3 else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def _number_format(chart: Chart) -> str:
    return ".3~p" if chart.percent else ".3~g"


def value_label(chart: Chart) -> Json:
    """Return the text of a value."""
    return {
        "field": "value",
        "type": "quantitative",
        "format": _number_format(chart),
    }


def _values(chart: Chart) -> list[float]:
    best = [v for p in chart.best for v in (p.mean, p.ci_high) if v is not None]
    return best + [p.mean for p in chart.series if p.mean is not None]


def _is_log(chart: Chart) -> bool:
    values = _values(chart)
    return bool(values) and min(values) > 0.0 and max(values) / min(values) > _LOG_RATIO


def value_domain(chart: Chart) -> tuple[float, float]:
    """Return the ends of the vertical axis."""
    values = _values(chart) or [1.0]
    if _is_log(chart):
        return 10.0 ** (math.log10(min(values)) - 0.15), 10.0 ** (math.log10(max(values)) + 0.15)
    return min(0.0, *values), 1.1 * max(values) or 1.0


def series_names(chart: Chart) -> list[JsonValue]:
    """Return the values of the second axis in their order."""
    return list(dict.fromkeys(point.series for point in chart.series))


def series_color(chart: Chart) -> Json:
    """Return one colour per value of the second axis, with a legend."""
    names = series_names(chart)
    palette = ORDERED if chart.ordered else CATEGORICAL
    colors: list[JsonValue] = [_pick(palette, i, len(names), chart) for i in range(len(names))]
    return {
        "field": "series",
        "type": "nominal",
        "scale": {"domain": names, "range": colors},
        "legend": {
            "title": chart.series_title,
            "orient": "bottom",
            "direction": "horizontal",
            "symbolType": "stroke",
            "symbolStrokeWidth": 3,
            "symbolOpacity": 1,
            "titleOrient": "left",
            "titlePadding": 12,
            "columnPadding": 18,
            "columns": 7,
        },
    }


def _pick(palette: Sequence[str], index: int, count: int, chart: Chart) -> str:
    if not chart.ordered or count == 1:
        return palette[index % len(palette)]
    place = index * (len(palette) - 1) / (count - 1)
    return _blend(palette[math.floor(place)], palette[math.ceil(place)], place % 1.0)


def _blend(first: str, second: str, share: float) -> str:
    def channel(at: int) -> int:
        a, b = int(first[at : at + 2], 16), int(second[at : at + 2], 16)
        return round(a + (b - a) * share)

    return "#" + "".join(f"{channel(at):02x}" for at in (1, 3, 5))


def config() -> Json:
    """Return what all marks share: fonts, greys, sizes."""
    return {
        "font": "Helvetica, Arial, sans-serif",
        "view": {"stroke": None},
        "title": {
            "fontSize": 18,
            "color": INK,
            "subtitleFontSize": 12.5,
            "subtitleColor": MUTED,
            "subtitlePadding": 6,
        },
        "axis": {
            "labelFontSize": 12,
            "titleFontSize": 13,
            "titleFontWeight": "normal",
            "titlePadding": 10,
            "labelColor": INK,
            "titleColor": INK,
            "gridColor": FAINT,
            "gridOpacity": 0.7,
            "domainColor": MUTED,
            "tickColor": MUTED,
        },
        "legend": {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"},
    }
