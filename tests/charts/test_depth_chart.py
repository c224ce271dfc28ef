"""The chart: valid, free of numbers that JSON lacks, and showing what diverged."""

import json
from dataclasses import replace

import pytest

from service.charts.depth_chart import draw
from service.charts.depth_data import BestPoint, DepthChartData, SeriesPoint
from service.charts.file_formats import ChartFormat, encode
from service.charts.theme import CATEGORICAL

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
CHART = DepthChartData(
    title="Best training error against depth",
    subtitle="made up",
    value_title="training error (% misclassified)",
    percent=True,
    series_title="relative g",
    ordered=True,
    best=BEST,
    series=SERIES,
)


def svg_of(data: DepthChartData) -> str:
    return encode(draw(data), ChartFormat.SVG).decode()


def with_means(*means: float) -> DepthChartData:
    best = [
        BestPoint(depth=2**i, mean=mean, ci_low=None, ci_high=None) for i, mean in enumerate(means)
    ]
    return replace(CHART, best=tuple(best), series=(), series_title="")


def value_scale_of(data: DepthChartData) -> str:
    panel = draw(data).to_dict()["vconcat"][-1]
    scales = {layer["encoding"]["y"]["scale"]["type"] for layer in panel["layer"]}
    assert len(scales) == 1
    return str(scales.pop())


def colors_of(data: DepthChartData) -> list[str]:
    layers = draw(data).to_dict()["vconcat"][-1]["layer"]
    (scale,) = [
        layer["encoding"]["color"]["scale"] for layer in layers if "color" in layer["encoding"]
    ]
    return list(scale["range"])


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
    ("means", "scale"), [((0.1, 2.9), "linear"), ((0.1, 3.1), "log"), ((0.0, 3.1), "linear")]
)
def test_values_that_span_decades_stand_on_a_logarithmic_axis(
    means: tuple[float, ...], scale: str
) -> None:
    assert value_scale_of(with_means(*means)) == scale


def test_labels_stand_on_a_white_copy_of_themselves() -> None:
    svg = svg_of(with_means(0.237))

    halo, label = (row for row in svg.split("<text") if ">23.7%<" in row)
    assert 'stroke="white"' in halo
    assert "stroke" not in label


def test_quantities_go_from_dark_to_light_and_names_have_the_palette_in_its_order() -> None:
    five = tuple(replace(SERIES[0], series=str(i)) for i in range(5))
    names = replace(CHART, series=five, ordered=False)

    assert colors_of(replace(CHART, series=five)) == [
        *("#440154", "#414487", "#2a788e", "#22a884", "#7ad151"),
    ]
    assert colors_of(replace(CHART, series=five[:4]))[1] == "#395589"
    assert colors_of(names) == list(CATEGORICAL)
    assert f'stroke="{CATEGORICAL[4]}"' in svg_of(names)


def test_the_json_holds_the_rows_and_names_no_address_but_its_schema() -> None:
    content = encode(draw(CHART), ChartFormat.VEGA_LITE).decode()

    specification = json.loads(content)
    assert specification["datasets"]["best"][0] == {"depth": 4, "value": 0.02}
    assert content.count("://") == 1
    assert "://" in specification["$schema"]


def test_the_same_results_are_the_same_bytes() -> None:
    first, second = (encode(draw(CHART), ChartFormat.VEGA_LITE) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    "data",
    [
        replace(CHART, best=(), series=(), series_title=""),
        replace(CHART, best=BEST[2:], series=SERIES[2:]),
        replace(CHART, best=BEST[:1], series=SERIES[:1], series_title=""),
        replace(CHART, best=(BestPoint(depth=1, mean=0.0, ci_low=0.0, ci_high=0.0),)),
        replace(CHART, percent=False, ordered=False),
        with_means(0.001, 7.0),
    ],
    ids=["empty", "all diverged", "one point", "all zero", "losses of variants", "decades"],
)
def test_any_sweep_can_be_drawn(data: DepthChartData) -> None:
    specification = draw(data).to_dict(validate=True)
    json.dumps(specification, allow_nan=False)

    rows = [row for dataset in specification["datasets"].values() for row in dataset]
    assert not any(None in row.values() for row in rows)
    assert svg_of(data).startswith("<svg")
