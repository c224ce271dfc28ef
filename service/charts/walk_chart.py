"""Draws the predicted band of the log gradient norm, as a Vega-Lite chart."""

from collections.abc import Sequence

from service.charts.axes import CATEGORICAL, INK, MUTED, Json, JsonValue, config
from service.charts.depth_chart import HEIGHT, SCHEMA, WIDTH
from service.charts.walk_band import BandPoint

_NAMES = ("q05", "q25", "q50", "q75", "q95")
_COLOR = CATEGORICAL[0]


def draw_band(band: Sequence[BandPoint], *, title: str, subtitle: str) -> Json:
    """Return a band as a self-contained Vega-Lite specification; finite numbers only.

    Args:
        band: By layers passed, ascending.
        title: First line.
        subtitle: Second line.
    """
    rows: list[JsonValue] = [
        {"layers": point.layers, **dict(zip(_NAMES, point.quantiles, strict=True))}
        for point in band
    ]
    return {
        "$schema": SCHEMA,
        "background": "white",
        "padding": 16,
        "title": {"text": title, "subtitle": subtitle, "anchor": "start", "offset": 14},
        "width": WIDTH,
        "height": HEIGHT,
        "data": {"values": rows},
        "layer": [
            _zero(),
            _area("q05", "q95", 0.16),
            _area("q25", "q75", 0.28),
            {
                "mark": {"type": "line", "color": INK, "strokeWidth": 2.5},
                "encoding": {"x": _layers_axis(), "y": _norm_axis("q50")},
            },
        ],
        "config": config(),
    }


def _zero() -> Json:
    return {
        "mark": {"type": "rule", "color": MUTED, "strokeDash": [4, 4]},
        "encoding": {"y": {"datum": 0.0}},
    }


def _area(low: str, high: str, opacity: float) -> Json:
    return {
        "mark": {"type": "area", "color": _COLOR, "opacity": opacity},
        "encoding": {"x": _layers_axis(), "y": _norm_axis(low), "y2": {"field": high}},
    }


def _layers_axis() -> Json:
    return {
        "field": "layers",
        "type": "quantitative",
        "axis": {"title": "layers passed, from the last hidden layer back", "tickMinStep": 1},
        "scale": {"nice": False},
    }


def _norm_axis(field: str) -> Json:
    return {
        "field": field,
        "type": "quantitative",
        "axis": {"title": "log gradient norm, ln |δ_d| / |δ_D| (nats)"},
    }
