"""The chart: valid, free of numbers that JSON lacks, and showing what diverged."""

import json
from dataclasses import replace

import pytest
import vl_convert

from service.charts.depth_chart import draw
from service.charts.depth_data import BestPoint, Chart, SeriesPoint

BEST = (
    BestPoint(depth=4, mean=0.02, ci_low=0.01, ci_high=0.03),
    BestPoint(depth=64, mean=0.5, ci_low=-0.2, ci_high=0.9),
    BestPoint(depth=256, mean=None, ci_low=None, ci_high=None),
)
SERIES = (
    SeriesPoint(series="0.9", depth=4, mean=0.02, n_diverged=0, n_trials=3),
    SeriesPoint(series="1.1", depth=4, mean=0.03, n_diverged=1, n_trials=3),
    SeriesPoint(series="1.1", depth=256, mean=None, n_diverged=3, n_trials=3),
)
CHART = Chart(
    title="Best training error against depth",
    subtitle="made up",
    value_title="training error (% misclassified)",
    percent=True,
    series_title="relative g",
    ordered=True,
    best=BEST,
    series=SERIES,
)


def svg_of(chart: Chart) -> str:
    specification = draw(chart)
    json.dumps(specification, allow_nan=False)
    svg: str = vl_convert.vegalite_to_svg(specification, allowed_base_urls=[])
    return svg


def test_diverged_trials_stand_above_the_lines_with_their_counts() -> None:
    svg = svg_of(CHART)

    assert "Diverged trials" in svg
    assert ">1/3<" in svg
    assert ">3/3<" in svg


def test_without_diverged_trials_there_is_no_strip() -> None:
    calm = replace(CHART, series=tuple(replace(point, n_diverged=0) for point in SERIES))

    assert "Diverged trials" not in svg_of(calm)


def test_axes_name_what_they_measure_in_which_unit() -> None:
    svg = svg_of(CHART)

    assert "depth (hidden layers)" in svg
    assert "training error (% misclassified)" in svg
    assert "relative g" in svg


@pytest.mark.parametrize(
    "chart",
    [
        replace(CHART, best=(), series=(), series_title=""),
        replace(CHART, best=BEST[2:]),
        replace(CHART, best=BEST[:1], series=SERIES[:1], series_title=""),
        replace(CHART, best=(BestPoint(depth=1, mean=0.0, ci_low=0.0, ci_high=0.0),)),
        replace(CHART, percent=False, ordered=False),
    ],
    ids=["empty", "all diverged", "one point", "all zero", "losses of variants"],
)
def test_any_sweep_can_be_drawn(chart: Chart) -> None:
    assert svg_of(chart).startswith("<svg")
