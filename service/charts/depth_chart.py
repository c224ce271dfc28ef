"""Draws the best result against depth, as a Vega-Lite chart.

The main panel holds the best configuration of each depth with the interval of its mean over seeds,
and one thin line per value of the second axis. A strip above it tells, per depth and value, how
many trials diverged: a corner of the sweep that diverged is seen, not merely absent.
"""

from service.charts.axes import (
    INK,
    MUTED,
    Json,
    JsonValue,
    config,
    depth_axis,
    series_color,
    series_names,
    value_axis,
    value_domain,
    value_label,
)
from service.charts.depth_data import Chart

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WARNING = "#b3261e"
WIDTH = 640
HEIGHT = 320
STRIP_ROW = 26


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
        "config": config(),
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
            "x": depth_axis(chart, labels=True),
            "y": value_axis(chart, "value"),
            "color": series_color(chart),
        },
    }


def _band_layer(chart: Chart) -> Json:
    floor = value_domain(chart)[0]
    rows: list[JsonValue] = [
        {"depth": p.depth, "low": max(p.ci_low, floor), "high": p.ci_high}
        for p in chart.best
        if p.ci_low is not None and p.ci_high is not None
    ]
    # A band needs two depths; the bars make a single one, or one between gaps, visible too.
    encoding: Json = {
        "x": depth_axis(chart, labels=True),
        "y": value_axis(chart, "low"),
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
    return {"x": depth_axis(chart, labels=True), "y": value_axis(chart, "value")}


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
    encoding: Json = {**_best_encoding(chart), "text": value_label(chart)}
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
    names = series_names(chart)
    encoding: Json = {
        "x": depth_axis(chart, labels=False),
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
