"""The figure of a claim: valid, and with what was measured and predicted."""

import json

import altair as alt

from service.charts.claim_chart import draw
from service.charts.file_formats import ChartFormat, encode
from service.enums import Verdict
from tests.cli.test_claims import claim, judgement


def test_a_figure_has_estimates_intervals_and_predictions() -> None:
    found = judgement()

    chart = draw(claim(found), found)

    alt.Chart.from_dict(json.loads(encode(chart, ChartFormat.VEGA_LITE)))
    data = json.loads(encode(chart, ChartFormat.VEGA_LITE))["datasets"]
    assert data["points"] == [{"x": 8.0, "y": 0.5, "low": 0.4, "high": 0.6, "series": "all"}]
    assert data["predicted"] == [{"x": 8.0, "y": 0.5, "series": "all"}]


def test_a_judgement_without_a_point_is_drawn_as_a_notice() -> None:
    found = judgement(Verdict.UNDECIDED)
    empty = found.model_copy(update={"evidence": found.evidence.model_copy(update={"points": ()})})

    svg = encode(draw(claim(empty), empty), ChartFormat.SVG).decode()

    assert "no group has an estimate" in svg
