"""Colours, fonts and sizes that all charts share."""

from typing import Final

import altair as alt
import numpy as np

INK: Final = "#1b1f24"
MUTED: Final = "#59636e"
FAINT: Final = "#d8dee4"
WARNING: Final = "#b3261e"
# Okabe and Ito's palette, whose colours can be told apart with every common colour blindness. Its
# yellow is left out because it is hard to see on white, its black because the best line is dark.
CATEGORICAL: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
# As many as a chart has series at most.
SHAPES: Final = (
    *("circle", "square", "triangle-up", "diamond"),
    *("triangle-down", "cross", "triangle-right", "triangle-left"),
)
# Viridis at even steps, without its lightest fifth, which is hard to see on white.
_VIRIDIS: Final = ("#440154", "#414487", "#2a788e", "#22a884", "#7ad151")

WIDTH: Final = 640
HEIGHT: Final = 320


def on(dataset: str) -> alt.Chart:
    """Return a chart without marks whose data is a named data set of the surrounding chart.

    Named, because Altair copies and checks embedded rows at each step of a chart's construction.
    """
    return alt.Chart(alt.NamedData(name=dataset))


def viridis(count: int) -> list[str]:
    """Return evenly spaced colours of viridis, from dark to light.

    Not Vega's scheme of that name, because it leaves out the ends, so that two values look alike.
    """
    stops = np.array([[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in _VIRIDIS])
    places = np.linspace(0, len(stops) - 1, count)
    channels = [np.interp(places, np.arange(len(stops)), channel) for channel in stops.T]
    return [f"#{r:02x}{g:02x}{b:02x}" for r, g, b in np.rint(channels).astype(int).T.tolist()]


def config() -> alt.Config:
    """Return the configuration of fonts, colours and sizes of all charts."""
    return alt.Config(
        font="Helvetica, Arial, sans-serif",
        background="white",
        padding=16,
        view=alt.ViewConfig(stroke=None),
        title=alt.TitleConfig(
            anchor="start",
            offset=14,
            fontSize=18,
            color=INK,
            subtitleFontSize=12.5,
            subtitleColor=MUTED,
            subtitlePadding=6,
        ),
        axis=alt.AxisConfig(
            labelFontSize=12,
            titleFontSize=13,
            titleFontWeight="normal",
            titlePadding=10,
            labelColor=INK,
            titleColor=INK,
            gridColor=FAINT,
            gridOpacity=0.7,
            domainColor=MUTED,
            tickColor=MUTED,
        ),
        legend=alt.LegendConfig(labelFontSize=12, titleFontSize=12, titleFontWeight="normal"),
    )
