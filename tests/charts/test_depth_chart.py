"""The chart: valid, free of numbers that JSON lacks, and showing what diverged."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from service.charts.depth_chart import draw
from service.charts.depth_data import BestPoint, DepthChartData, SeriesPoint
from service.charts.file_formats import ChartFormat, encode
from service.charts.theme import CATEGORICAL

BEST = (
    BestPoint(series="0.9", depth=4, mean=0.02, ci_low=0.01, ci_high=0.03),
    BestPoint(series="0.9", depth=64, mean=0.5, ci_low=-0.2, ci_high=0.9),
    BestPoint(series=None, depth=256, mean=None, ci_low=None, ci_high=None),
)


def point(
    series: str, depth: int, mean: float | None, *, half: float | None = None, n_diverged: int = 0
) -> SeriesPoint:
    ends = (None, None) if mean is None or half is None else (mean - half, mean + half)
    return SeriesPoint(
        series=series,
        depth=depth,
        mean=mean,
        ci_low=ends[0],
        ci_high=ends[1],
        n_diverged=n_diverged,
        n_trials=3,
    )


SERIES = (
    point("0.9", 4, 0.02, half=0.01),
    point("1.1", 4, 0.03, n_diverged=1),
    point("1.1", 256, None, n_diverged=3),
)
CHART = DepthChartData(
    title="Best training error against depth",
    subtitle=("made up", "by hand"),
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
        BestPoint(series="all", depth=2**i, mean=mean, ci_low=None, ci_high=None)
        for i, mean in enumerate(means)
    ]
    return replace(CHART, best=tuple(best), series=(), series_title="")


def value_scale_of(data: DepthChartData) -> str:
    panel = draw(data).to_dict()["vconcat"][-1]
    scales = {layer["encoding"]["y"]["scale"]["type"] for layer in panel["layer"]}
    assert len(scales) == 1
    return str(scales.pop())


def colors_of(data: DepthChartData) -> list[str]:
    layers = draw(data).to_dict()["vconcat"][-1]["layer"]
    colors = [layer["encoding"]["color"] for layer in layers if "color" in layer["encoding"]]
    assert all(color == colors[0] for color in colors)
    return list(colors[0]["scale"]["range"])


# Any: JSON.
def rows_of(data: DepthChartData, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = draw(data).to_dict()["datasets"][name]
    return rows


def ends_of(data: DepthChartData) -> list[tuple[float, float]]:
    return [(row["low"], row["high"]) for row in rows_of(data, "series_intervals")]


def caps_of(data: DepthChartData) -> list[float]:
    return [row["value"] for row in rows_of(data, "series_caps")]


def test_diverged_trials_stand_above_the_lines_with_their_counts() -> None:
    svg = svg_of(CHART)

    assert "Diverged trials" in svg
    assert ">1/3<" in svg
    assert ">3/3<" in svg


def test_without_diverged_trials_there_is_no_strip() -> None:
    calm = replace(CHART, series=tuple(replace(each, n_diverged=0) for each in SERIES))

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


def test_every_point_with_an_interval_has_a_bar_with_two_caps() -> None:
    data = replace(CHART, series=(point("1", 4, 0.4, half=0.1), point("1", 64, 0.5)))

    svg = svg_of(data)

    assert ends_of(data) == [pytest.approx((0.3, 0.5))]
    assert caps_of(data) == pytest.approx([0.3, 0.5])
    assert "depth 4, relative g 1: 40 %, interval 30 % to 50 %" in svg
    assert 'aria-label="depth 64, relative g 1: 50 %"' in svg


def test_an_interval_ends_where_no_value_can_be() -> None:
    wide = (point("1", 4, 0.4, half=3.0), point("1", 64, 0.95, half=0.1))
    errors = replace(CHART, best=BEST[1:2], series=wide)
    losses = replace(errors, percent=False)

    assert ends_of(errors) == [(0.0, 1.0), pytest.approx((0.85, 1.0))]
    assert caps_of(errors) == pytest.approx([0.0, 1.0, 0.85, 1.0])
    assert ends_of(losses)[1] == pytest.approx((0.85, 1.05))


def test_a_bar_that_the_axis_cuts_has_no_cap_there() -> None:
    loss = replace(CHART, percent=False, best=with_means(0.4).best)
    unbounded = replace(loss, series=(point("1", 1, 0.4, half=50.0),))
    logarithmic = replace(loss, series=(point("1", 1, 40.0, half=400.0),))

    ((low, high),) = ends_of(unbounded)
    assert low == 0.0
    assert high == pytest.approx(1.1 * 1.5 * 0.4)
    assert caps_of(unbounded) == [0.0]
    assert ends_of(logarithmic) == [pytest.approx((0.4 / 10**0.15, 60.0 * 10**0.15))]
    assert caps_of(logarithmic) == []


def test_points_of_one_depth_stand_side_by_side_around_it_in_the_order_of_the_series() -> None:
    series = tuple(point(name, depth, 0.5) for name in "abc" for depth in (8, 16))
    data = replace(CHART, best=(replace(BEST[0], depth=8), replace(BEST[1], depth=16)))

    rows = rows_of(replace(data, series=series), "series")

    at_8, at_16 = ([row["place"] for row in rows if row["depth"] == d] for d in (8, 16))
    assert at_8 == sorted(at_8)
    assert at_8[1] == 8.0
    assert math.sqrt(at_8[0] * at_8[2]) == pytest.approx(8.0)
    assert at_8[2] > 8.0
    assert [place / 16 for place in at_16] == pytest.approx([place / 8 for place in at_8])


def test_points_of_close_depths_do_not_mix() -> None:
    depths = (100, 102, 1000)
    best = tuple(replace(BEST[0], series="a", depth=depth) for depth in depths)
    series = tuple(point(name, depth, 0.5) for depth in depths for name in "abcdefgh")

    places = [r["place"] for r in rows_of(replace(CHART, best=best, series=series), "series")]

    assert places == sorted(places)


def test_the_best_stands_where_the_series_does_that_it_is_of() -> None:
    best, series = (rows_of(CHART, name) for name in ("best", "series"))

    assert best[0]["place"] == series[0]["place"] != 4


def test_the_shapes_of_eight_series_differ() -> None:
    eight = tuple(replace(SERIES[0], series=str(i)) for i in range(8))

    layers = draw(replace(CHART, series=eight)).to_dict()["vconcat"][-1]["layer"]

    (shape,) = [each["encoding"]["shape"] for each in layers if "shape" in each["encoding"]]
    assert len(set(shape["scale"]["range"])) == 8


def test_the_lines_below_the_title_are_drawn() -> None:
    svg = svg_of(CHART)

    assert ">made up<" in svg
    assert ">by hand<" in svg


def test_the_json_holds_the_rows_and_names_no_address_but_its_schema() -> None:
    content = encode(draw(CHART), ChartFormat.VEGA_LITE).decode()

    specification = json.loads(content)
    row = specification["datasets"]["best"][0]
    assert (row["depth"], row["series"], row["value"]) == (4, "0.9", 0.02)
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
        with_means(0.0),
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
