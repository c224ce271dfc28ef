"""Encode charts as SVG, PNG or Vega-Lite files."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from altair import ChartType


class ChartFormat(StrEnum):
    """File formats of charts; a value is the ending of a file's name."""

    SVG = "svg"
    PNG = "png"
    VEGA_LITE = "vl.json"


def encode(chart: "ChartType", file_format: ChartFormat) -> bytes:
    """Return the content of a chart's file; nothing is read from the network."""
    # Not validated: tests check that charts are valid, and a check takes as long as the rest.
    specification = chart.to_dict(validate=False)
    if file_format is ChartFormat.VEGA_LITE:
        return json.dumps(specification, allow_nan=False).encode()
    # Imported here because it loads a JavaScript engine, which most processes never need.
    import vl_convert

    # Not Altair's `save`, because that allows a chart to load data and pictures from any URL.
    if file_format is ChartFormat.SVG:
        svg: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
        return svg.encode()
    png: bytes = vl_convert.vegalite_to_png(specification, scale=2, allowed_base_urls=[])
    return png
