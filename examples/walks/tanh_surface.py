"""The unbiased g of tanh networks over width and depth."""

from collections.abc import Iterator

import altair as alt

import rwinit
from examples.walks.theme import Figure, Row, figure, on

WIDTHS = (32, 64, 128, 256, 512)
DEPTHS = (20, 50, 100, 200, 500)


def draw_tanh_surface() -> Figure:
    """Draw g of tanh as a table of coloured cells, with standard errors."""
    cells = on("cells").encode(
        x=alt.X("depth:N", title="depth D", sort=None).axis(
            labelAngle=0, domain=False, ticks=False
        ),
        y=alt.Y("width:N", title="width N", sort=None).axis(domain=False, ticks=False),
    )
    fill = (
        alt.Color("g:Q", title="g")
        .scale(range=["#e3f4ea", "#8fd0ab", "#2f8f5b", "#0f4a2c"], domain=[1.03, 1.4])
        .legend(gradientLength=240)
    )
    # White on the darker cells.
    ink = alt.when(alt.datum.g > 1.22).then(alt.value("white")).otherwise(alt.value("#123524"))
    return figure(
        [
            cells.mark_rect(stroke="white", strokeWidth=3, cornerRadius=6).encode(color=fill),
            cells.mark_text(fontSize=15, fontWeight=600, dy=-6).encode(text="value:N", color=ink),
            cells.mark_text(fontSize=11, dy=11, opacity=0.85).encode(text="error:N", color=ink),
        ],
        {"cells": list(_cells())},
        title="The unbiased g of tanh depends on width and on depth",
        subtitle="Simulated, with standard errors. The paper found 1.1 to 1.3 to work well",
        width=480,
        height=290,
    )


def _cells() -> Iterator[Row]:
    for width in WIDTHS:
        for depth in DEPTHS:
            found = rwinit.estimate_gain("tanh", width, depth)
            yield {
                "width": str(width),
                "depth": str(depth),
                "g": found.gain,
                "value": f"{found.gain:.3f}",
                "error": f"± {found.standard_error:.4f}",
            }
