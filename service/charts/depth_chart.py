"""Draw the best result against depth.

The main panel holds the best configuration of each depth in black, and one thin line per value of
the second axis; each point has the interval of its mean over seeds. A strip above it shows how many
trials diverged for each depth and value, so that diverged settings are visible and not only absent.
"""

from functools import partial
from typing import Final

import altair as alt

from service.charts.depth_data import DepthChartData
from service.charts.depth_datasets import datasets
from service.charts.scales import (
    depth_axis,
    series_color,
    series_names,
    series_shape,
    series_step,
    value_axis,
    value_format,
)
from service.charts.theme import HEIGHT, INK, MUTED, WARNING, WIDTH, config, on

_STRIP_ROW: Final = 26
_CROSS: Final = "M-1,-1L1,1M-1,1L1,-1"
_CAP: Final = 6.0
_BAR: Final = 1.4
_DESCRIPTION: Final = alt.Description("description:N")


def draw(data: DepthChartData) -> alt.VConcatChart:
    """Return the chart with its data embedded; all numbers in it are finite."""
    panels = [_main_panel(data)]
    if any(point.n_diverged for point in data.series):
        panels.insert(0, _divergence_strip(data))
    return alt.VConcatChart(
        vconcat=panels,
        spacing=10,
        title=alt.Title(data.title, subtitle=list(data.subtitle)),
        resolve=alt.Resolve(scale=alt.ScaleResolveMap(color="shared", x="shared")),
        datasets=datasets(data),
        config=config(),
    )


def _main_panel(data: DepthChartData) -> alt.LayerChart:
    if all(point.mean is None for point in data.best):
        layers = [_notice("no trial has a finite result here yet")]
    else:
        # Coloured lines are drawn on top of the wider best line, so that where they coincide the
        # colour shows which value is best.
        marks = _series(data) if data.series_title else _only_bars(data)
        layers = [*_best(data), *marks, *_labels(data)]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)


def _notice(text: str) -> alt.Chart:
    # Annotated, because Altair's methods that set a mark have no return type.
    notice: alt.Chart = alt.Chart(alt.InlineData(values=[{"text": text}])).mark_text(
        fontSize=14, color=MUTED
    )
    return notice.encode(text=alt.Text("text:N"))


def _best(data: DepthChartData) -> list[alt.Chart]:
    band = on("best_intervals").encode(x=_place(data), y=value_axis(data, "low"), y2=alt.Y2("high"))
    best = on("best").encode(x=_place(data), y=value_axis(data, "value"))
    return [
        band.mark_area(color=INK, opacity=0.1, clip=True, aria=False),
        best.mark_line(color=INK, strokeWidth=4.5, clip=True, aria=False),
        best.mark_point(color=INK, filled=True, size=130, opacity=1).encode(
            description=_DESCRIPTION
        ),
    ]


def _only_bars(data: DepthChartData) -> list[alt.Chart]:
    """Return the bars of the best; where there are series, one of them has the same bar."""
    return [bar.encode(color=alt.value(INK)) for bar in _bars(data, "best")]


def _series(data: DepthChartData) -> list[alt.Chart]:
    """Return the lines, bars and points of all series."""
    color = series_color(data)
    series = on("series").encode(x=_place(data), y=value_axis(data, "value"), color=color)
    return [
        series.mark_line(strokeWidth=1.8, clip=True, aria=False),
        *(bar.encode(color=color) for bar in _bars(data, "series")),
        # The white edge sets a dark point off from the black one of the best.
        series.mark_point(filled=True, size=58, opacity=1, stroke="white", strokeWidth=0.8).encode(
            shape=series_shape(data), description=_DESCRIPTION
        ),
    ]


def _bars(data: DepthChartData, which: str) -> list[alt.Chart]:
    """Return intervals as vertical bars and their ends as caps, without colours."""
    bars = on(f"{which}_intervals").encode(
        x=_place(data), y=value_axis(data, "low"), y2=alt.Y2("high")
    )
    caps = on(f"{which}_caps").encode(x=_place(data), y=value_axis(data, "value"))
    # Narrower where depths are close, so that the caps of two series do not meet.
    size = min(_CAP, series_step(data))
    return [
        bars.mark_rule(strokeWidth=_BAR, clip=True, aria=False),
        caps.mark_tick(orient="horizontal", size=size, thickness=_BAR, opacity=1, aria=False),
    ]


def _place(data: DepthChartData) -> alt.X:
    """Return the axis of the depths with the points of different series side by side."""
    return depth_axis(data, field="place")


def _labels(data: DepthChartData) -> list[alt.Chart]:
    text = alt.Text("value:Q", format=value_format(data))
    label = on("best").encode(x=_place(data), y=value_axis(data, "value"), text=text)
    bold = partial(label.mark_text, aria=False, dy=-15, fontWeight="bold", fontSize=12)
    # A white copy under the text keeps it readable where a line crosses it.
    halo = bold(color="white", stroke="white", strokeWidth=4, strokeJoin="round")
    return [halo, bold(color=INK)]


def _divergence_strip(data: DepthChartData) -> alt.LayerChart:
    names = series_names(data)
    axis = alt.Axis(
        title=None, domain=False, ticks=False, labelFontSize=11, labelPadding=6, grid=False
    )
    strip = on("diverged").encode(
        x=depth_axis(data, labels=False),
        y=alt.Y("series:N", axis=axis, scale=alt.Scale(domain=names)),
    )
    counts = strip.encode(text=alt.Text("label:N"))
    return alt.LayerChart(
        layer=[
            _cross(strip, "datum.all", size=46, stroke=2.6),
            _cross(strip, "!datum.all", size=22, stroke=1.3),
            counts.mark_text(align="left", dx=9, fontSize=11, color=MUTED),
        ],
        title=_strip_title(data),
        width=WIDTH,
        height=_STRIP_ROW * len(names),
    )


def _cross(strip: alt.Chart, which: str, *, size: float, stroke: float) -> alt.Chart:
    cross: alt.Chart = strip.mark_point(
        shape=_CROSS, filled=False, color=WARNING, size=size, strokeWidth=stroke, opacity=1
    )
    return cross.transform_filter(which)


def _strip_title(data: DepthChartData) -> alt.Title:
    by = f", by {data.series_title}" if data.series_title else ""
    return alt.Title(
        f"Diverged trials of all trials{by} (heavy cross: every one diverged)",
        anchor="start",
        fontSize=12,
        fontWeight="normal",
        color=WARNING,
        offset=4,
    )
