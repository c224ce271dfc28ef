"""Sample walks of ReLU networks, with the mean and the bands that the law predicts."""

import math

import altair as alt
import numpy as np

import rwinit
from examples.walks.theme import BLUE, ORANGE, Figure, Row, config, on


def draw_sample_walks(width: int = 100, depth: int = 500, count: int = 14) -> Figure:
    """Draw walks of the same networks under the unbiased g and under He's.

    Args:
        width: Units per hidden layer.
        depth: Hidden layers.
        count: Networks.
    """
    datasets: dict[str, list[Row]] = {}
    panels = []
    for scheme, title, g, colour in (
        ("rwi", "Random walk initialization", rwinit.gain("relu", width), BLUE),
        ("he", "He initialization, g = √2", math.sqrt(2.0), ORANGE),
    ):
        datasets[f"{scheme} walks"] = _walks(width, depth, count, g)
        datasets[f"{scheme} law"] = _law(width, depth, g)
        panels.append(_panel(scheme, title, f"N = {width}, g = {g:.4f}", colour))
    return alt.HConcatChart(
        hconcat=panels,
        datasets=datasets,
        title=alt.Title(
            "The same fourteen ReLU networks under two values of g",
            subtitle="500 layers. Line: exact mean. Bands: one and two standard deviations",
        ),
        config=config(),
    )


def _walks(width: int, depth: int, count: int, g: float) -> list[Row]:
    # One seed for both panels: the networks differ in g alone.
    walks = rwinit.simulate_walks("relu", [width] * depth, g=g, n_samples=count, seed=7)
    # Every third layer: more points make the file larger and the lines no better.
    return [
        {"steps": depth - 1 - d, "norm": float(walks.backward[d, k]), "walk": str(k)}
        for k in range(count)
        for d in range(0, depth, 3)
    ]


def _law(width: int, depth: int, g: float) -> list[Row]:
    depths = np.arange(1, depth + 1, 6)
    law = rwinit.walk_law("relu", width, depths, g=g)
    return [
        {
            "steps": int(d) - 1,
            "drift": float(mean),
            "low": float(mean - deviation),
            "high": float(mean + deviation),
            "low2": float(mean - 2 * deviation),
            "high2": float(mean + 2 * deviation),
        }
        for d, mean, deviation in zip(depths, law.drift, law.spread, strict=True)
    ]


def _panel(scheme: str, title: str, note: str, colour: str) -> alt.LayerChart:
    steps = alt.X("steps:Q", title="layers back from the last hidden one").scale(nice=False)
    walks, law = on(f"{scheme} walks").encode(x=steps), on(f"{scheme} law").encode(x=steps)
    lines: alt.Chart = walks.mark_line(color=colour, opacity=0.55, strokeWidth=1, clip=True)
    mean: alt.Chart = law.mark_line(color="#111827", strokeWidth=2)
    return alt.LayerChart(
        layer=[
            _band(law, "low2", "high2", colour, 0.12),
            _band(law, "low", "high", colour, 0.16),
            lines.encode(y=_norm("norm"), detail="walk:N"),
            mean.encode(y=_norm("drift")),
        ],
        title=alt.Title(title, subtitle=note, fontSize=13),
        width=350,
        height=320,
    )


def _band(law: alt.Chart, low: str, high: str, colour: str, opacity: float) -> alt.Chart:
    band: alt.Chart = law.mark_area(color=colour, opacity=opacity)
    return band.encode(y=_norm(low), y2=high)


def _norm(field: str) -> alt.Y:
    title = "ln( |δ| / |δ at the last hidden layer| )"
    return alt.Y(f"{field}:Q", title=title).scale(domain=[-13, 7], nice=False)
