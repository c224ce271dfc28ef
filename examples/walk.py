"""Draw the random walk of log gradient norms, from the code that computes it.

Run from the root of the project, with the extra ``service`` for vl-convert:

    python -m examples.walk

It writes the five pictures of docs/theory.md to docs/images. Everything in them is computed by
`rwinit`: the lines are laws, the points and thin lines are simulated networks.
"""

import json
import math
from pathlib import Path

import numpy as np
import vl_convert

import rwinit

IMAGES = Path(__file__).parent.parent / "docs" / "images"

BLUE, ORANGE, GREEN, GREY = "#2563a8", "#d9762b", "#2f8f5b", "#6b7280"
ROOT_TWO = math.sqrt(2.0)

Row = dict[str, float | str]
Spec = dict[str, object]

STYLE: Spec = {
    "font": "Liberation Sans",
    "background": "white",
    "view": {"stroke": None},
    "title": {
        "fontSize": 15,
        "fontWeight": 600,
        "anchor": "start",
        "color": "#1f2937",
        "subtitleColor": GREY,
        "subtitleFontSize": 12,
        "offset": 12,
    },
    "axis": {
        "labelFontSize": 12,
        "titleFontSize": 12.5,
        "titleFontWeight": 400,
        "labelColor": "#374151",
        "titleColor": "#374151",
        "gridColor": "#eceff3",
        "domainColor": "#9ca3af",
        "tickColor": "#9ca3af",
        "titlePadding": 8,
    },
    "legend": {
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": 400,
        "labelColor": "#374151",
        "titleColor": "#374151",
        "symbolStrokeWidth": 2.5,
    },
}


def main() -> None:
    """Write every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, spec in (
        ("walks", sample_walks()),
        ("spread", spread_against_depth()),
        ("gains", gains_against_width()),
        ("tanh-surface", tanh_surface()),
        ("budget", he_against_rwi_at_a_budget()),
    ):
        whole = {
            "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
            "padding": 14,
            "config": STYLE,
            **spec,
        }
        svg = vl_convert.vegalite_to_svg(json.dumps(whole), vl_version="5.20")
        (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


def sample_walks(width: int = 100, depth: int = 500, count: int = 14) -> Spec:
    """Walks of ReLU networks with the unbiased g and with He's, and the band of the law."""
    panels = []
    for title, g, colour in (
        ("Random walk initialization", rwinit.gain("relu", width), BLUE),
        ("He initialization, g = √2", ROOT_TWO, ORANGE),
    ):
        walks = rwinit.simulate_walks("relu", [width] * depth, g=g, n_samples=count, seed=7)
        lines: list[Row] = [
            {"steps": depth - 1 - d, "norm": float(walks.backward[d, k]), "walk": str(k)}
            for k in range(count)
            for d in range(0, depth, 3)
        ]
        depths = np.arange(1, depth + 1, 6)
        law = rwinit.walk_law("relu", width, depths, g=g)
        band: list[Row] = [
            {
                "steps": int(d) - 1,
                "drift": float(m),
                "low": float(m - s),
                "high": float(m + s),
                "low2": float(m - 2 * s),
                "high2": float(m + 2 * s),
            }
            for d, m, s in zip(depths, law.drift, law.spread, strict=True)
        ]
        panels.append(_walk_panel(title, f"N = {width}, g = {g:.4f}", lines, band, colour))
    return {
        "title": {
            "text": "The same fourteen ReLU networks under two values of g",
            "subtitle": "500 layers. Line: exact mean. Bands: one and two standard deviations",
        },
        "hconcat": panels,
    }


def _walk_panel(title: str, note: str, lines: list[Row], band: list[Row], colour: str) -> Spec:
    x = {
        "field": "steps",
        "type": "quantitative",
        "title": "layers back from the last hidden one",
        "scale": {"nice": False},
    }
    y_scale = {"domain": [-13, 7], "nice": False}
    y_title = "ln( |δ| / |δ at the last hidden layer| )"

    def area(low: str, high: str, opacity: float) -> Spec:
        return {
            "data": {"values": band},
            "mark": {"type": "area", "color": colour, "opacity": opacity},
            "encoding": {
                "x": x,
                "y": {"field": low, "type": "quantitative", "scale": y_scale, "title": y_title},
                "y2": {"field": high},
            },
        }

    return {
        "title": {"text": title, "subtitle": note, "fontSize": 13},
        "width": 350,
        "height": 320,
        "layer": [
            area("low2", "high2", 0.12),
            area("low", "high", 0.16),
            {
                "data": {"values": lines},
                "mark": {
                    "type": "line",
                    "color": colour,
                    "opacity": 0.55,
                    "strokeWidth": 1,
                    "clip": True,
                },
                "encoding": {
                    "x": x,
                    "y": {"field": "norm", "type": "quantitative"},
                    "detail": {"field": "walk"},
                },
            },
            {
                "data": {"values": band},
                "mark": {"type": "line", "color": "#111827", "strokeWidth": 2},
                "encoding": {"x": x, "y": {"field": "drift", "type": "quantitative"}},
            },
        ],
    }


def spread_against_depth(networks: int = 2000) -> Spec:
    """Standard deviation of ln Z against depth for several widths, law and simulation."""
    widths, depths = (10, 32, 100, 316), (2, 3, 5, 9, 17, 33, 65, 129)
    lines: list[Row] = []
    points: list[Row] = []
    for width in widths:
        g = rwinit.gain("relu", width)
        grid = np.unique(np.geomspace(2, 160, 40).astype(int))
        law = rwinit.walk_law("relu", width, grid, g=g)
        lines += [
            {"depth": int(d), "sd": 2 * float(s), "width": f"N = {width}"}
            for d, s in zip(grid, law.spread, strict=True)
        ]
        for depth in depths:
            walks = rwinit.simulate_walks(
                "relu", [width] * depth, g=g, n_samples=networks, seed=depth
            )
            sample = walks.log_gains[np.isfinite(walks.log_gains)]
            sd = float(sample.std(ddof=1))
            error = float(np.std((sample - sample.mean()) ** 2)) / (2 * sd * math.sqrt(len(sample)))
            points.append(
                {
                    "depth": depth,
                    "sd": sd,
                    "low": sd - 2 * error,
                    "high": sd + 2 * error,
                    "width": f"N = {width}",
                }
            )
    x = {
        "field": "depth",
        "type": "quantitative",
        "title": "depth D",
        "scale": {"type": "log", "domain": [1.8, 170], "nice": False},
        "axis": {"values": [2, 5, 10, 20, 50, 100], "grid": True},
    }
    y_scale = {"type": "log", "domain": [0.1, 14], "nice": False}
    y = {
        "field": "sd",
        "type": "quantitative",
        "title": "standard deviation of ln Z",
        "scale": y_scale,
        "axis": {"values": [0.1, 0.2, 0.5, 1, 2, 5, 10]},
    }
    colour = {
        "field": "width",
        "type": "nominal",
        "title": None,
        "sort": None,
        "scale": {"range": ["#9a3412", ORANGE, GREEN, BLUE]},
    }
    return {
        "title": {
            "text": "Depth spreads gradients, width holds them together",
            "subtitle": "ReLU. Lines: exact law. Points: simulated, with two standard errors",
        },
        "width": 560,
        "height": 340,
        "layer": [
            {
                "data": {"values": lines},
                "mark": {"type": "line", "strokeWidth": 2},
                "encoding": {"x": x, "y": y, "color": colour},
            },
            {
                "data": {"values": points},
                "mark": {"type": "rule", "strokeWidth": 1.5},
                "encoding": {
                    "x": x,
                    "y": {"field": "low", "type": "quantitative", "scale": y_scale},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "data": {"values": points},
                "mark": {"type": "circle", "size": 46, "opacity": 1},
                "encoding": {"x": x, "y": y, "color": colour},
            },
        ],
    }


def gains_against_width() -> Spec:
    """g*(N) of linear, ReLU and tanh, the paper's curves dashed and its advice shaded."""
    widths = np.unique(np.geomspace(2, 1000, 60).astype(int))
    lines: list[Row] = []
    for name, label in (("linear", "linear"), ("relu", "ReLU")):
        for width in map(int, widths):
            exact, fitted = rwinit.gain(name, width), rwinit.paper_gain(name, width)
            lines.append({"width": width, "g": exact, "kind": label, "source": "exact"})
            lines.append({"width": width, "g": fitted, "kind": label, "source": "paper's formula"})
    points: list[Row] = []
    for depth in (20, 100, 500):
        for width in (16, 24, 36, 54, 81, 122, 182, 273, 410, 615, 1000):
            try:
                found = rwinit.estimate_gain("tanh", width, depth)
            except rwinit.GainNotFoundError:
                continue
            if found.gain < 2.3:
                points.append(
                    {
                        "width": width,
                        "g": found.gain,
                        "kind": f"tanh, D = {depth}",
                        "source": "simulated",
                    }
                )
    x_scale = {"type": "log", "domain": [2, 1000], "nice": False}
    x = {
        "field": "width",
        "type": "quantitative",
        "title": "width N",
        "scale": x_scale,
        "axis": {"values": [2, 5, 10, 20, 50, 100, 200, 500, 1000]},
    }
    y = {
        "field": "g",
        "type": "quantitative",
        "title": "unbiased g",
        "scale": {"domain": [0.95, 2.4], "nice": False},
    }
    order = ["ReLU", "tanh, D = 20", "tanh, D = 100", "tanh, D = 500", "linear"]
    colour = {
        "field": "kind",
        "type": "nominal",
        "title": None,
        "sort": order,
        "scale": {"domain": order, "range": [ORANGE, "#8fd0ab", "#4fae7c", "#1d6b43", BLUE]},
    }
    dash = {
        "field": "source",
        "type": "nominal",
        "title": None,
        "scale": {
            "domain": ["exact", "simulated", "paper's formula"],
            "range": [[1, 0], [1, 0], [5, 4]],
        },
        "legend": {"symbolStrokeColor": GREY, "values": ["exact", "paper's formula"]},
    }
    return {
        "title": {
            "text": "The g that leaves the walk without drift",
            "subtitle": "Green band: the paper's advice for tanh, g between 1.1 and 1.3",
        },
        "width": 600,
        "height": 360,
        "layer": [
            {
                "data": {"values": [{"low": 1.1, "high": 1.3}]},
                "mark": {"type": "rect", "color": GREEN, "opacity": 0.1},
                "encoding": {
                    "y": {**y, "field": "low"},
                    "y2": {"field": "high"},
                },
            },
            {
                "data": {"values": lines},
                "mark": {"type": "line", "strokeWidth": 2, "clip": True},
                "encoding": {"x": x, "y": y, "color": colour, "strokeDash": dash},
            },
            {
                "data": {"values": points},
                "mark": {
                    "type": "line",
                    "strokeWidth": 2,
                    "clip": True,
                    "point": {"size": 30, "filled": True},
                },
                "encoding": {"x": x, "y": y, "color": colour},
            },
        ],
    }


def tanh_surface() -> Spec:
    """g* of tanh over width and depth, with standard errors."""
    cells: list[Row] = []
    for width in (32, 64, 128, 256, 512):
        for depth in (20, 50, 100, 200, 500):
            found = rwinit.estimate_gain("tanh", width, depth)
            cells.append(
                {
                    "width": str(width),
                    "depth": str(depth),
                    "g": found.gain,
                    "value": f"{found.gain:.3f}",
                    "error": f"± {found.standard_error:.4f}",
                }
            )
    x = {
        "field": "depth",
        "type": "nominal",
        "sort": None,
        "title": "depth D",
        "axis": {"labelAngle": 0, "domain": False, "ticks": False},
    }
    y = {
        "field": "width",
        "type": "nominal",
        "sort": None,
        "title": "width N",
        "axis": {"domain": False, "ticks": False},
    }
    ink = {"condition": {"test": "datum.g > 1.22", "value": "white"}, "value": "#123524"}
    fill = {
        "field": "g",
        "type": "quantitative",
        "title": "g",
        "legend": {"gradientLength": 240},
        "scale": {"range": ["#e3f4ea", "#8fd0ab", "#2f8f5b", "#0f4a2c"], "domain": [1.03, 1.4]},
    }
    return {
        "title": {
            "text": "The unbiased g of tanh depends on width and on depth",
            "subtitle": "Simulated, with standard errors. The paper found 1.1 to 1.3 to work well",
        },
        "width": 480,
        "height": 290,
        "data": {"values": cells},
        "encoding": {"x": x, "y": y},
        "layer": [
            {
                "mark": {"type": "rect", "stroke": "white", "strokeWidth": 3, "cornerRadius": 6},
                "encoding": {"color": fill},
            },
            {
                "mark": {"type": "text", "fontSize": 15, "fontWeight": 600, "dy": -6},
                "encoding": {"text": {"field": "value"}, "color": ink},
            },
            {
                "mark": {"type": "text", "fontSize": 11, "dy": 11, "opacity": 0.85},
                "encoding": {"text": {"field": "error"}, "color": ink},
            },
        ],
    }


def he_against_rwi_at_a_budget(weights: int = 4_000_000) -> Spec:
    """Mean and spread of the log gradient norm against depth where depth costs width."""
    rows: list[Row] = []
    depths = np.unique(np.geomspace(4, 2000, 60).astype(int))
    widths = np.sqrt(weights / (depths - 1)).astype(int)
    for label, g in (("RWI", None), ("He, g = √2", ROOT_TWO)):
        law = rwinit.walk_law("relu", widths, depths, g=g)
        rows += [
            {
                "depth": int(d),
                "width": int(n),
                "mean": float(m),
                "low": float(m - s),
                "high": float(m + s),
                "scheme": label,
            }
            for d, n, m, s in zip(depths, widths, law.drift, law.spread, strict=True)
        ]
    x = {
        "field": "depth",
        "type": "quantitative",
        "title": "depth D (and width N at four million hidden weights)",
        "scale": {"type": "log", "domain": [4, 2000], "nice": False},
        "axis": {
            "values": [4, 10, 30, 100, 300, 1000],
            "labelFlush": False,
            "labelExpr": f"datum.label + '  (' + floor(sqrt({weights} / (datum.value - 1))) + ')'",
        },
    }
    colour = {
        "field": "scheme",
        "type": "nominal",
        "title": None,
        "sort": None,
        "scale": {"range": [BLUE, ORANGE]},
        "legend": {"symbolOpacity": 1, "symbolType": "stroke"},
    }
    scale = {"domain": [-60, 15], "nice": False}
    y = {
        "field": "mean",
        "type": "quantitative",
        "scale": scale,
        "title": "ln( gradient norm, first layer / last )",
    }
    return {
        "title": {
            "text": "At a fixed budget, He's typical gradient vanishes with depth",
            "subtitle": "ReLU. Line: mean. Band: one standard deviation from network to network",
        },
        "width": 600,
        "height": 340,
        "data": {"values": rows},
        "layer": [
            {
                "mark": {"type": "area", "opacity": 0.18, "clip": True},
                "encoding": {
                    "x": x,
                    "y": {"field": "low", "type": "quantitative", "scale": scale},
                    "y2": {"field": "high"},
                    "color": colour,
                },
            },
            {
                "mark": {"type": "line", "strokeWidth": 2.5, "clip": True},
                "encoding": {"x": x, "y": y, "color": colour},
            },
        ],
    }


if __name__ == "__main__":
    main()
