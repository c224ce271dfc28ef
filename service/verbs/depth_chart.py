"""Draws the best result against depth, as a Vega-Lite chart.

The main panel holds the best configuration of each depth with the interval of its mean over seeds,
and one thin line per value of the second axis. A strip above it tells, per depth and value, how
many trials diverged: a corner of the sweep that diverged is seen, not merely absent.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

JsonValue = None | bool | int | float | str | Sequence["JsonValue"] | dict[str, "JsonValue"]
Json = dict[str, JsonValue]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
INK = "#1b1f24"
MUTED = "#59636e"
FAINT = "#d8dee4"
WARNING = "#b3261e"
# Okabe and Ito's palette, which stays apart for every common colour blindness; its yellow is
# left out because it fades on white, and its black because the best line is dark already.
CATEGORICAL = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# Viridis without its palest end, for values with an order.
ORDERED = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151")
WIDTH = 640
HEIGHT = 320
STRIP_ROW = 26
# Above this ratio between largest and smallest value a linear axis hides the small ones.
_LOG_RATIO = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPoint:
    """The best configuration of a depth; None where no trial has a value.

    Attributes:
        depth: Hidden layers.
        mean: Mean over seeds.
        ci_low: Lower end of the mean's interval; None for fewer than two seeds.
        ci_high: Upper end.
    """

    depth: int
    mean: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """The best configuration of a depth among those with one value of the second axis.

    Attributes:
        series: That value, in words.
        depth: Hidden layers.
        mean: Mean over seeds; None where no trial has a value.
        n_diverged: Diverged trials at this depth and value, over all configurations.
        n_trials: All trials there.
    """

    series: str
    depth: int
    mean: float | None
    n_diverged: int
    n_trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What a depth chart shows.

    Attributes:
        title: First line.
        subtitle: Second line: where the numbers come from.
        value_title: What the vertical axis measures, with its unit.
        percent: Whether values are fractions to be shown in per cent.
        series_title: Name of the second axis; empty without one.
        ordered: Whether the second axis is a quantity.
        best: By depth, ascending.
        series: Points of every value of the second axis, in its order.
    """

    title: str
    subtitle: str
    value_title: str
    percent: bool
    series_title: str
    ordered: bool
    best: tuple[BestPoint, ...]
    series: tuple[SeriesPoint, ...]


def draw(chart: Chart) -> Json:
    """Return the chart as a self-contained Vega-Lite specification; finite numbers only."""
    panels: list[JsonValue] = []
    if any(point.n_diverged for point in chart.series):
        panels.append(_strip(chart))
    panels.append(_main(chart))
    return {
        "$schema": SCHEMA,
        "background": "white",
        "padding": 16,
        "title": {
            "text": chart.title,
            "subtitle": chart.subtitle,
            "anchor": "start",
            "offset": 14,
        },
        "vconcat": panels,
        "spacing": 10,
        "resolve": {"scale": {"color": "shared", "x": "shared"}},
        "config": _config(),
    }


def _main(chart: Chart) -> Json:
    # The coloured lines come after the best one: where they coincide, the core of the dark line
    # tells whose value is best.
    if all(point.mean is None for point in chart.best):
        return {"width": WIDTH, "height": HEIGHT, **_nothing_yet()}
    series: list[JsonValue] = [_series_layer(chart)] if chart.series_title else []
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "layer": [_band_layer(chart), *_best_layers(chart), *series, *_label_layers(chart)],
    }


def _nothing_yet() -> Json:
    return {
        "data": {"values": [{"text": "no trial has a finite result here yet"}]},
        "mark": {"type": "text", "fontSize": 14, "color": MUTED},
        "encoding": {"text": {"field": "text", "type": "nominal"}},
    }


def _series_layer(chart: Chart) -> Json:
    rows: list[JsonValue] = [
        {"depth": point.depth, "value": point.mean, "series": point.series}
        for point in chart.series
        if point.mean is not None
    ]
    return {
        "data": {"values": rows},
        "mark": {
            "type": "line",
            "strokeWidth": 1.8,
            "clip": True,
            "point": {"size": 34, "filled": True, "opacity": 1},
        },
        "encoding": {
            "x": _depth_axis(chart, labels=True),
            "y": _value_axis(chart, "value"),
            "color": _series_color(chart),
        },
    }


def _band_layer(chart: Chart) -> Json:
    floor = _value_domain(chart)[0]
    rows: list[JsonValue] = [
        {"depth": p.depth, "low": max(p.ci_low, floor), "high": p.ci_high}
        for p in chart.best
        if p.ci_low is not None and p.ci_high is not None
    ]
    # A band needs two depths; the bars make a single one, or one between gaps, visible too.
    encoding: Json = {
        "x": _depth_axis(chart, labels=True),
        "y": _value_axis(chart, "low"),
        "y2": {"field": "high"},
    }
    return {
        "data": {"values": rows},
        "encoding": encoding,
        "layer": [
            {"mark": {"type": "area", "color": INK, "opacity": 0.13, "clip": True}},
            {"mark": {"type": "rule", "color": INK, "opacity": 0.55, "clip": True}},
        ],
    }


def _best_layers(chart: Chart) -> list[JsonValue]:
    line: Json = {"type": "line", "color": INK, "strokeWidth": 4.5, "clip": True}
    point: Json = {"type": "point", "color": INK, "filled": True, "size": 110, "opacity": 1}
    return [
        {"data": _best_rows(chart), "mark": mark, "encoding": _best_encoding(chart)}
        for mark in (line, point)
    ]


def _best_rows(chart: Chart) -> Json:
    return {
        "values": [{"depth": p.depth, "value": p.mean} for p in chart.best if p.mean is not None]
    }


def _best_encoding(chart: Chart) -> Json:
    return {"x": _depth_axis(chart, labels=True), "y": _value_axis(chart, "value")}


def _label_layers(chart: Chart) -> list[JsonValue]:
    label: Json = {
        "type": "text",
        "dy": -15,
        "fontWeight": "bold",
        "fontSize": 12,
        "color": INK,
        "stroke": None,
    }
    # A white copy under the text keeps it readable where a line crosses it.
    halo: Json = {
        **label,
        "color": "white",
        "stroke": "white",
        "strokeWidth": 4,
        "strokeJoin": "round",
    }
    encoding: Json = {**_best_encoding(chart), "text": _value_label(chart)}
    return [
        {"data": _best_rows(chart), "mark": mark, "encoding": encoding} for mark in (halo, label)
    ]


def _strip(chart: Chart) -> Json:
    rows: list[JsonValue] = [
        {
            "depth": point.depth,
            "series": point.series,
            "label": f"{point.n_diverged}/{point.n_trials}",
            "all": point.n_diverged == point.n_trials,
        }
        for point in chart.series
        if point.n_diverged
    ]
    names = _series_names(chart)
    encoding: Json = {
        "x": _depth_axis(chart, labels=False),
        "y": {
            "field": "series",
            "type": "nominal",
            "scale": {"domain": names},
            "axis": {
                "title": None,
                "domain": False,
                "ticks": False,
                "labelFontSize": 11,
                "labelPadding": 6,
                "grid": False,
            },
        },
    }
    return {
        "title": {
            "text": _strip_title(chart),
            "anchor": "start",
            "fontSize": 12,
            "fontWeight": "normal",
            "color": WARNING,
            "offset": 4,
        },
        "width": WIDTH,
        "height": STRIP_ROW * len(names),
        "data": {"values": rows},
        "encoding": encoding,
        "layer": [
            _cross(all_diverged=True),
            _cross(all_diverged=False),
            {
                "mark": {"type": "text", "align": "left", "dx": 9, "fontSize": 11, "color": MUTED},
                "encoding": {"text": {"field": "label", "type": "nominal"}},
            },
        ],
    }


def _cross(*, all_diverged: bool) -> Json:
    """Return the mark of diverged trials: heavier where none survived."""
    mark: Json = {
        "type": "point",
        "shape": "M-1,-1L1,1M-1,1L1,-1",
        "filled": False,
        "color": WARNING,
        "size": 46 if all_diverged else 22,
        "strokeWidth": 2.6 if all_diverged else 1.3,
        "opacity": 1,
    }
    test = "datum.all" if all_diverged else "!datum.all"
    return {"transform": [{"filter": test}], "mark": mark}


def _strip_title(chart: Chart) -> str:
    by = f", by {chart.series_title}" if chart.series_title else ""
    return f"Diverged trials of all trials{by} (heavy cross: every one diverged)"


def _depth_axis(chart: Chart, *, labels: bool) -> Json:
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


def _value_axis(chart: Chart, field: str) -> Json:
    low, high = _value_domain(chart)
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


def _value_label(chart: Chart) -> Json:
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


def _value_domain(chart: Chart) -> tuple[float, float]:
    values = _values(chart) or [1.0]
    if _is_log(chart):
        return 10.0 ** (math.log10(min(values)) - 0.15), 10.0 ** (math.log10(max(values)) + 0.15)
    return min(0.0, *values), 1.1 * max(values) or 1.0


def _series_names(chart: Chart) -> list[JsonValue]:
    return list(dict.fromkeys(point.series for point in chart.series))


def _series_color(chart: Chart) -> Json:
    names = _series_names(chart)
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


def _config() -> Json:
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
