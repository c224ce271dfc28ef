"""The log gradient norm against depth at a fixed number of weights."""

import math
from collections.abc import Iterator

import altair as alt
import numpy as np

import rwinit
from examples.walks.theme import BLUE, ORANGE, Figure, Row, figure, on

WEIGHTS = 4_000_000
"""Weights of the D - 1 hidden matrices together."""


def draw_budget() -> Figure:
    """Draw mean and spread of the log gradient norm where depth costs width."""
    rows = on("norms").encode(x=_depth(), color=_scheme())
    return figure(
        [
            rows.mark_area(opacity=0.18, clip=True).encode(y=_norm("low"), y2="high"),
            rows.mark_line(strokeWidth=2.5, clip=True).encode(y=_norm("mean")),
        ],
        {"norms": list(_norms())},
        title="At a fixed budget, He's typical gradient vanishes with depth",
        subtitle="ReLU. Line: mean. Band: one standard deviation from network to network",
        width=600,
        height=340,
    )


def _norms() -> Iterator[Row]:
    depths = np.unique(np.geomspace(4, 2000, 60).astype(int))
    widths = np.sqrt(WEIGHTS / (depths - 1)).astype(int)
    for scheme, g in (("RWI", None), ("He, g = √2", math.sqrt(2.0))):
        law = rwinit.walk_law("relu", widths, depths, g=g)
        for depth, mean, deviation in zip(depths, law.drift, law.spread, strict=True):
            yield {
                "depth": int(depth),
                "mean": float(mean),
                "low": float(mean - deviation),
                "high": float(mean + deviation),
                "scheme": scheme,
            }


def _depth() -> alt.X:
    width = f"floor(sqrt({WEIGHTS} / (datum.value - 1)))"
    return (
        alt.X("depth:Q", title="depth D (and width N at four million hidden weights)")
        .scale(type="log", domain=[4, 2000], nice=False)
        .axis(
            values=[4, 10, 30, 100, 300, 1000],
            labelFlush=False,
            labelExpr=f"datum.label + '  (' + {width} + ')'",
        )
    )


def _scheme() -> alt.Color:
    return (
        alt.Color("scheme:N", title=None, sort=None)
        .scale(range=[BLUE, ORANGE])
        .legend(symbolOpacity=1, symbolType="stroke")
    )


def _norm(field: str) -> alt.Y:
    title = "ln( gradient norm, first layer / last )"
    return alt.Y(f"{field}:Q", title=title).scale(domain=[-60, 15], nice=False)
