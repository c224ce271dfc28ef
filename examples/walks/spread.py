"""The spread of ln Z against depth, by the exact law and by simulation."""

import math
from collections.abc import Iterator

import altair as alt
import numpy as np
from numpy.typing import NDArray

import rwinit
from examples.walks.theme import BLUE, GREEN, ORANGE, Figure, Row, figure, on

WIDTHS = (10, 32, 100, 316)
DEPTHS = (2, 3, 5, 9, 17, 33, 65, 129)


def draw_spread(count: int = 2000) -> Figure:
    """Draw the standard deviation of ln Z against depth for several widths.

    Args:
        count: Networks behind each simulated point.
    """
    depth = (
        alt.X("depth:Q", title="depth D")
        .scale(type="log", domain=[1.8, 170], nice=False)
        .axis(values=[2, 5, 10, 20, 50, 100], grid=True)
    )
    colour = alt.Color("width:N", title=None, sort=None).scale(
        range=["#9a3412", ORANGE, GREEN, BLUE]
    )
    law, points = (on(name).encode(x=depth, color=colour) for name in ("law", "simulated"))
    return figure(
        [
            law.mark_line(strokeWidth=2).encode(y=_deviation("sd")),
            points.mark_rule(strokeWidth=1.5).encode(y=_deviation("low"), y2="high"),
            points.mark_circle(size=46, opacity=1).encode(y=_deviation("sd")),
        ],
        {"law": list(_law()), "simulated": list(_simulated(count))},
        title="Depth spreads gradients, width holds them together",
        subtitle="ReLU. Lines: exact law. Points: simulated, with two standard errors",
        width=560,
        height=340,
    )


def _law() -> Iterator[Row]:
    depths = np.unique(np.geomspace(2, 160, 40).astype(int))
    for width in WIDTHS:
        law = rwinit.walk_law("relu", width, depths)
        for depth, spread in zip(depths, law.spread, strict=True):
            yield {"depth": int(depth), "sd": 2 * float(spread), "width": f"N = {width}"}


def _simulated(count: int) -> Iterator[Row]:
    for width in WIDTHS:
        g = rwinit.gain("relu", width)
        for depth in DEPTHS:
            walks = rwinit.simulate_walks("relu", [width] * depth, g=g, n_samples=count, seed=depth)
            # Laws are over networks that pass an error; at N = 10 some pass none.
            sample = walks.log_gains[np.isfinite(walks.log_gains)]
            sd, error = _standard_deviation(sample)
            yield {
                "depth": depth,
                "sd": sd,
                "low": sd - 2 * error,
                "high": sd + 2 * error,
                "width": f"N = {width}",
            }


def _standard_deviation(sample: NDArray[np.float64]) -> tuple[float, float]:
    """Return the standard deviation of a sample and its standard error."""
    sd = float(sample.std(ddof=1))
    # The delta method: the variance's standard error over twice the standard deviation.
    squares = (sample - sample.mean()) ** 2
    return sd, float(np.std(squares)) / (2 * sd * math.sqrt(len(sample)))


def _deviation(field: str) -> alt.Y:
    return (
        alt.Y(f"{field}:Q", title="standard deviation of ln Z")
        .scale(type="log", domain=[0.1, 14], nice=False)
        .axis(values=[0.1, 0.2, 0.5, 1, 2, 5, 10])
    )
