"""The unbiased g against width, beside the formulas and the advice of the paper."""

from collections.abc import Iterator

import altair as alt
import numpy as np

import rwinit
from examples.walks.theme import BLUE, GREEN, GREY, ORANGE, Figure, Row, figure, on

PAPER_ADVICE = (1.1, 1.3)
TANH_DEPTHS = (20, 100, 500)
TANH_WIDTHS = (16, 24, 36, 54, 81, 122, 182, 273, 410, 615, 1000)
HIGHEST = 2.4
COLOURS = {
    "ReLU": ORANGE,
    "tanh, D = 20": "#8fd0ab",
    "tanh, D = 100": "#4fae7c",
    "tanh, D = 500": "#1d6b43",
    "linear": BLUE,
}


def draw_gains() -> Figure:
    """Draw g of linear, ReLU and tanh networks, the paper's formulas dashed, its advice shaded."""
    width = (
        alt.X("width:Q", title="width N")
        .scale(type="log", domain=[2, 1000], nice=False)
        .axis(values=[2, 5, 10, 20, 50, 100, 200, 500, 1000])
    )
    colour = alt.Color("kind:N", title=None, sort=list(COLOURS)).scale(
        domain=list(COLOURS), range=list(COLOURS.values())
    )
    lines, points = (
        on(name).encode(x=width, y=_gain("g"), color=colour) for name in ("exact", "simulated")
    )
    marker = alt.OverlayMarkDef(size=30, filled=True)
    return figure(
        [
            on("advice").mark_rect(color=GREEN, opacity=0.1).encode(y=_gain("low"), y2="high"),
            lines.mark_line(strokeWidth=2, clip=True).encode(strokeDash=_dashes()),
            points.mark_line(strokeWidth=2, clip=True, point=marker),
        ],
        {
            "advice": [{"low": PAPER_ADVICE[0], "high": PAPER_ADVICE[1]}],
            "exact": list(_formulas()),
            "simulated": list(_simulated()),
        },
        title="The g that leaves the walk without drift",
        subtitle="Green band: the paper's advice for tanh, g between 1.1 and 1.3",
        width=600,
        height=360,
    )


def _formulas() -> Iterator[Row]:
    for activation, kind in (("linear", "linear"), ("relu", "ReLU")):
        for width in np.unique(np.geomspace(2, 1000, 60).astype(int)).tolist():
            exact, fitted = rwinit.gain(activation, width), rwinit.paper_gain(activation, width)
            yield {"width": width, "g": exact, "kind": kind, "source": "exact"}
            yield {"width": width, "g": fitted, "kind": kind, "source": "paper's formula"}


def _simulated() -> Iterator[Row]:
    for depth in TANH_DEPTHS:
        for width in TANH_WIDTHS:
            try:
                g = rwinit.estimate_gain("tanh", width, depth).gain
            except rwinit.GainNotFoundError:
                continue  # narrow deep networks have none
            if g < HIGHEST:
                yield {"width": width, "g": g, "kind": f"tanh, D = {depth}"}


def _dashes() -> alt.StrokeDash:
    return (
        alt.StrokeDash("source:N", title=None)
        .scale(domain=["exact", "paper's formula"], range=[[1, 0], [5, 4]])
        .legend(symbolStrokeColor=GREY)
    )


def _gain(field: str) -> alt.Y:
    return alt.Y(f"{field}:Q", title="unbiased g").scale(domain=[0.95, HIGHEST], nice=False)
