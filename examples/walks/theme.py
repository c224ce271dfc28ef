"""Colours and fonts of all figures, and charts on named data sets."""

from collections.abc import Sequence
from typing import Final

import altair as alt

Row = dict[str, float | str]
Figure = alt.LayerChart | alt.HConcatChart

BLUE: Final = "#2563a8"
ORANGE: Final = "#d9762b"
GREEN: Final = "#2f8f5b"
GREY: Final = "#6b7280"
_DARK: Final = "#1f2937"
_TEXT: Final = "#374151"
_LINES: Final = "#9ca3af"


def on(dataset: str) -> alt.Chart:
    """Return a chart without marks, on a data set that the whole figure holds by name.

    Altair copies and checks a chart's own rows at every step of its construction; a name is free.
    """
    return alt.Chart(alt.NamedData(name=dataset))


def figure(
    layers: Sequence[alt.Chart],
    datasets: dict[str, list[Row]],
    *,
    title: str,
    subtitle: str,
    width: int,
    height: int,
) -> alt.LayerChart:
    """Return a figure of one panel.

    Args:
        layers: Charts on top of each other, the lowest first.
        datasets: Rows by the names that the layers use.
        title: First line.
        subtitle: Second line.
        width: Of the plot, in pixels.
        height: Of the plot, in pixels.
    """
    return alt.LayerChart(
        layer=list(layers),
        datasets=datasets,
        title=alt.Title(title, subtitle=subtitle),
        width=width,
        height=height,
        config=config(),
    )


def config() -> alt.Config:
    """Return the look of titles, axes and legends."""
    return alt.Config(
        font="Liberation Sans",
        background="white",
        padding=14,
        view=alt.ViewConfig(stroke=None),
        title=alt.TitleConfig(
            fontSize=15,
            fontWeight=600,
            anchor="start",
            color=_DARK,
            subtitleColor=GREY,
            subtitleFontSize=12,
            offset=12,
        ),
        axis=alt.AxisConfig(
            labelFontSize=12,
            titleFontSize=12.5,
            titleFontWeight=400,
            labelColor=_TEXT,
            titleColor=_TEXT,
            gridColor="#eceff3",
            domainColor=_LINES,
            tickColor=_LINES,
            titlePadding=8,
        ),
        legend=alt.LegendConfig(
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight=400,
            labelColor=_TEXT,
            titleColor=_TEXT,
            symbolStrokeWidth=2.5,
        ),
    )
