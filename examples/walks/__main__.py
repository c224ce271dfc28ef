"""Write the five figures of docs/theory.md to docs/images.

Run from the root of the project, with the extra ``service`` for Altair and vl-convert:

    python -m examples.walks

Every number in the figures is computed by `rwinit`: lines are laws, points and thin lines are
simulated networks.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import vl_convert

from examples.walks.budget import draw_budget
from examples.walks.gains import draw_gains
from examples.walks.sample_walks import draw_sample_walks
from examples.walks.spread import draw_spread
from examples.walks.tanh_surface import draw_tanh_surface
from examples.walks.theme import Figure

IMAGES = Path(__file__).parents[2] / "docs" / "images"

FIGURES: Mapping[str, Callable[[], Figure]] = {
    "walks": draw_sample_walks,
    "spread": draw_spread,
    "gains": draw_gains,
    "tanh-surface": draw_tanh_surface,
    "budget": draw_budget,
}
"""Functions that draw a figure, by the name of its file."""


def main() -> None:
    """Write every figure as SVG."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name, draw in FIGURES.items():
        svg = vl_convert.vegalite_to_svg(draw().to_dict())
        (IMAGES / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
