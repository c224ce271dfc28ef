"""File formats of charts, and a chart's content in each."""

import json
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from altair import ChartType


class ChartFormat(StrEnum):
    """File formats of charts."""

    SVG = "svg"
    PNG = "png"
    VEGA_LITE = "vl.json"


def encode(chart: "ChartType", file_format: ChartFormat) -> bytes:
    """Return a chart as a file's content, without any access to a network."""
    # Tests check that charts are valid; a check of each would double the time to state it.
    specification = chart.to_dict(validate=False)
    if file_format is ChartFormat.VEGA_LITE:
        return json.dumps(specification, allow_nan=False).encode()
    # Here because it loads a JavaScript engine, which most processes never need.
    import vl_convert

    # Not Altair's `save`, which lets a chart fetch data and pictures from any address.
    if file_format is ChartFormat.SVG:
        svg: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
        return svg.encode()
    png: bytes = vl_convert.vegalite_to_png(specification, scale=2, allowed_base_urls=[])
    return png
