"""Draw the best result against depth.

The main panel holds the best configuration of each depth with the interval of its mean over seeds,
and one thin line per value of the second axis. A strip above it shows how many trials
diverged for each depth and value, so that diverged settings are visible and not only absent.
"""

from functools import partial
from typing import Final

import altair as alt

from service.charts.depth_data import DepthChartData
from service.charts.scales import (
    depth_axis,
    series_color,
    series_names,
    value_axis,
    value_domain,
    value_format,
)
from service.charts.theme import HEIGHT, INK, MUTED, WARNING, WIDTH, config, on

_STRIP_ROW: Final = 26
_CROSS: Final = "M-1,-1L1,1M-1,1L1,-1"

_Rows = list[dict[str, object]]


def draw(data: DepthChartData) -> alt.VConcatChart:
    """Return the chart with its data embedded; all numbers in it are finite."""
    panels = [_main_panel(data)]
    if any(point.n_diverged for point in data.series):
        panels.insert(0, _divergence_strip(data))
    return alt.VConcatChart(
        vconcat=panels,
        spacing=10,
        title=alt.Title(data.title, subtitle=data.subtitle),
        resolve=alt.Resolve(scale=alt.ScaleResolveMap(color="shared", x="shared")),
        datasets=_datasets(data),
        config=config(),
    )


def _datasets(data: DepthChartData) -> dict[str, _Rows]:
    """Return the data sets of the chart by the names under which the marks refer to them."""
    # An interval can reach below 0, which a logarithmic axis cannot show.
    floor = value_domain(data)[0]
    return {
        "best": [{"depth": p.depth, "value": p.mean} for p in data.best if p.mean is not None],
        "band": [
            {"depth": p.depth, "low": max(p.ci_low, floor), "high": p.ci_high}
            for p in data.best
            if p.ci_low is not None and p.ci_high is not None
        ],
        "series": [
            {"depth": p.depth, "value": p.mean, "series": p.series}
            for p in data.series
            if p.mean is not None
        ],
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


def _main_panel(data: DepthChartData) -> alt.LayerChart:
    if all(point.mean is None for point in data.best):
        layers = [_notice("no trial has a finite result here yet")]
    else:
        # Coloured lines are drawn on top of the wider best line, so that where they coincide the
        # colour shows which value is best.
        series = [_series_lines(data)] if data.series_title else []
        layers = [*_band(data), *_best_line(data), *series, *_labels(data)]
    return alt.LayerChart(layer=layers, width=WIDTH, height=HEIGHT)


def _notice(text: str) -> alt.Chart:
    # Annotated, because Altair's methods that set a mark have no return type.
    notice: alt.Chart = alt.Chart(alt.InlineData(values=[{"text": text}])).mark_text(
        fontSize=14, color=MUTED
    )
    return notice.encode(text=alt.Text("text:N"))


def _band(data: DepthChartData) -> list[alt.Chart]:
    band = on("band").encode(x=depth_axis(data), y=value_axis(data, "low"), y2=alt.Y2("high"))
    # An area needs two neighbouring depths; the bars also show the interval of a single one.
    return [
        band.mark_area(color=INK, opacity=0.13, clip=True),
        band.mark_rule(color=INK, opacity=0.55, clip=True),
    ]


def _best_line(data: DepthChartData) -> list[alt.Chart]:
    best = on("best").encode(x=depth_axis(data), y=value_axis(data, "value"))
    return [
        best.mark_line(color=INK, strokeWidth=4.5, clip=True),
        best.mark_point(color=INK, filled=True, size=110, opacity=1),
    ]


def _series_lines(data: DepthChartData) -> alt.Chart:
    points = alt.OverlayMarkDef(size=34, filled=True, opacity=1)
    lines: alt.Chart = on("series").mark_line(strokeWidth=1.8, clip=True, point=points)
    return lines.encode(x=depth_axis(data), y=value_axis(data, "value"), color=series_color(data))


def _labels(data: DepthChartData) -> list[alt.Chart]:
    text = alt.Text("value:Q", format=value_format(data))
    label = on("best").encode(x=depth_axis(data), y=value_axis(data, "value"), text=text)
    bold = partial(label.mark_text, dy=-15, fontWeight="bold", fontSize=12)
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
