"""Files of charts: of the right size, and made without a network."""

import struct

import altair as alt
import pytest

from service.charts.file_formats import ChartFormat, encode
from service.charts.theme import on


def test_a_png_has_two_pixels_for_each_of_the_svg() -> None:
    chart = (
        on("points")
        .mark_point()
        .properties(width=100, height=50, padding=0, datasets={"points": [{}]})
    )

    png = encode(chart, ChartFormat.PNG)
    assert struct.unpack(">II", png[16:24]) == (200, 100)


@pytest.mark.parametrize("file_format", [ChartFormat.SVG, ChartFormat.PNG])
def test_a_chart_that_names_an_address_is_refused(file_format: ChartFormat) -> None:
    chart = alt.Chart(alt.UrlData("http://127.0.0.1:9/points.csv")).mark_point()

    with pytest.raises(ValueError, match="not allowed"):
        encode(chart, file_format)


def test_json_has_no_numbers_that_json_lacks() -> None:
    chart = alt.Chart(alt.NamedData(name="points")).mark_point()
    chart.datasets = {"points": [{"x": float("nan")}]}

    with pytest.raises(ValueError, match="JSON"):
        encode(chart, ChartFormat.VEGA_LITE)
