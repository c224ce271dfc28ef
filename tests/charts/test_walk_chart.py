"""The band's chart: valid, with its numbers in it, and with one line at zero."""

import re

import pytest

from service.charts.file_formats import ChartFormat, encode
from service.charts.walk_band import BandPoint
from service.charts.walk_chart import draw_band

BAND = (
    BandPoint(layers=0, quantiles=(0.0, 0.0, 0.0, 0.0, 0.0)),
    BandPoint(layers=1, quantiles=(-0.4, -0.2, -0.1, 0.1, 0.3)),
    BandPoint(layers=2, quantiles=(-0.8, -0.4, -0.2, 0.2, 0.6)),
)


@pytest.mark.parametrize("band", [BAND, BAND[:1], ()], ids=["band", "one layer", "empty"])
def test_any_band_can_be_drawn(band: tuple[BandPoint, ...]) -> None:
    chart = draw_band(band, title="relu, width 10", subtitle="predicted walk")

    chart.to_dict(validate=True)
    svg = encode(chart, ChartFormat.SVG).decode()
    assert "relu, width 10" in svg
    assert "predicted walk" in svg


def test_two_areas_lie_between_the_line_at_zero_and_the_median() -> None:
    svg = encode(draw_band(BAND, title="", subtitle=""), ChartFormat.SVG).decode()

    assert re.findall(r'class="mark-(\w+) role-mark', svg) == ["rule", "area", "area", "line"]
    assert svg.count("stroke-dasharray") == 1
