"""Draw predicted quantiles of the log gradient norm by layer."""

from collections.abc import Sequence
from typing import Final

import altair as alt

from service.charts.theme import CATEGORICAL, HEIGHT, INK, MUTED, WIDTH, config, on
from service.charts.walk_band import BandPoint

# In the order of a point's quantiles.
_NAMES: Final = ("q05", "q25", "q50", "q75", "q95")


def draw_band(band: Sequence[BandPoint], *, title: str, subtitle: str) -> alt.LayerChart:
    """Return the chart of a band with its data embedded; all numbers in it are finite.

    Args:
        band: Points by layers passed, ascending.
        title: First line of the chart.
        subtitle: Second line of the chart.
    """
    rows = [
        {"layers": point.layers, **dict(zip(_NAMES, point.quantiles, strict=True))}
        for point in band
    ]
    walks = on("walks").encode(x=_layers_axis())
    median = walks.encode(y=_norm_axis("q50")).mark_line(color=INK, strokeWidth=2.5)
    return alt.LayerChart(
        layer=[_zero(), _area(walks, "q05", "q95", 0.16), _area(walks, "q25", "q75", 0.28), median],
        title=alt.Title(title, subtitle=subtitle),
        width=WIDTH,
        height=HEIGHT,
        datasets={"walks": rows},
        config=config(),
    )


def _zero() -> alt.Chart:
    # Data of one row: on the rows of the band, one line per row would be drawn.
    line: alt.Chart = alt.Chart(alt.InlineData(values=[{}])).mark_rule(
        color=MUTED, strokeDash=[4, 4]
    )
    return line.encode(y=alt.YDatum(0.0))


def _area(walks: alt.Chart, low: str, high: str, opacity: float) -> alt.Chart:
    area: alt.Chart = walks.mark_area(color=CATEGORICAL[0], opacity=opacity)
    return area.encode(y=_norm_axis(low), y2=alt.Y2(high))


def _layers_axis() -> alt.X:
    axis = alt.Axis(title="layers passed, from the last hidden layer back", tickMinStep=1)
    return alt.X("layers:Q", axis=axis, scale=alt.Scale(nice=False))


def _norm_axis(field: str) -> alt.Y:
    axis = alt.Axis(title="log gradient norm, ln |δ_d| / |δ_D| (nats)")
    return alt.Y(f"{field}:Q", axis=axis)
