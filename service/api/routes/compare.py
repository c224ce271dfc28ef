"""Routes that compare the trials of a sweep."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from service.api.dependencies import ReadSession
from service.api.problems import problems
from service.api.routes.trials import Filter
from service.charts.depth_rows import depth_chart_data
from service.charts.file_formats import ChartFormat, encode
from service.query import comparison, depth_comparison
from service.query.comparison import ComparisonQuery
from service.query.errors import FilterError, QueryError, UnknownNameError
from service.schemas.comparisons import DepthComparison, GroupComparison, IntervalKind, Metric
from service.store.errors import SweepNotFoundError

router = APIRouter(prefix="/v1/compare", tags=["compare"])

_MEDIA_TYPES = {
    ChartFormat.SVG: "image/svg+xml",
    ChartFormat.PNG: "image/png",
    ChartFormat.VEGA_LITE: "application/vnd.vegalite+json",
}


def _comparison_query(
    sweep_id: Annotated[UUID, Query(description="Sweep whose trials are compared.")],
    metric: Annotated[
        Metric, Query(description="Measured quantity that is compared.")
    ] = Metric.TRAIN_ERROR,
    at: Annotated[
        str,
        Query(
            description="Epoch of the measurement: `final`, `best` of each trial, or its number."
        ),
    ] = "final",
    ci: Annotated[
        IntervalKind,
        Query(
            description=(
                "Interval of the mean: Student's `t`, or the percentile `bootstrap`, which at a "
                "nominal 95 % covers only 74 % for 3 seeds, 84 % for 5, 89 % for 10."
            )
        ),
    ] = IntervalKind.T,
    level: Annotated[
        float, Query(description="Nominal coverage of the interval, 0.5 to 0.999.")
    ] = 0.95,
) -> ComparisonQuery:
    return ComparisonQuery(sweep_id=sweep_id, metric=metric, at=at, ci=ci, level=level)


_Comparison = Annotated[ComparisonQuery, Depends(_comparison_query)]
_DEPTH_PROBLEMS = problems(SweepNotFoundError, QueryError)


@router.get("", responses=problems(SweepNotFoundError, FilterError, UnknownNameError, QueryError))
def compare_groups(
    query: _Comparison,
    session: ReadSession,
    group_by: Annotated[
        str,
        Query(
            description="Columns whose values make the groups, separated by commas.",
            examples=["depth,g_relative"],
            max_length=2000,
        ),
    ] = "depth",
    filter_text: Annotated[Filter, Query(alias="filter")] = None,
) -> GroupComparison:
    """Compare groups of trials by mean, standard deviation and confidence interval.

    The trials of a group agree in the columns of `group_by`; the statistics are over the trials of
    each group, such as its seeds. Trials without a finite number are counted by reason and never
    averaged. A statistic that needs more trials than there are is null. At `final` and `best` only
    completed trials are averaged.
    """
    return comparison.compare_groups(session, query, group_by=group_by, filter_text=filter_text)


@router.get("/depth", responses=_DEPTH_PROBLEMS)
def compare_depths(query: _Comparison, session: ReadSession) -> DepthComparison:
    """Compare the best configuration of each depth.

    A configuration is a choice of every axis but the seed. The best one of a depth has the fewest
    diverged, failed or stopped seeds, and among those the lowest mean. Choosing the best and
    estimating it on the same seeds is optimistic: repeat it with fresh seeds before quoting it.
    `better_than_previous` tests it against the best of the next smaller depth.
    """
    return depth_comparison.compare_depths(session, query)


def _chart(session: ReadSession, query: ComparisonQuery, file_format: ChartFormat) -> Response:
    # Imported here because Altair takes long to load and most API processes draw nothing.
    from service.charts.depth_chart import draw

    content = encode(draw(depth_chart_data(session, query)), file_format)
    return Response(content, media_type=_MEDIA_TYPES[file_format])


def _file(media_type: str) -> dict[int | str, dict[str, object]]:
    return {200: {"content": {media_type: {}}, "description": "The chart."}, **_DEPTH_PROBLEMS}


@router.get(
    "/depth.svg",
    summary="Draw Depths as SVG",
    response_class=Response,
    responses=_file("image/svg+xml"),
)
def draw_depths_svg(query: _Comparison, session: ReadSession) -> Response:
    """Return a chart of the best result against depth, as SVG."""
    return _chart(session, query, ChartFormat.SVG)


@router.get(
    "/depth.png",
    summary="Draw Depths as PNG",
    response_class=Response,
    responses=_file("image/png"),
)
def draw_depths_png(query: _Comparison, session: ReadSession) -> Response:
    """Return a chart of the best result against depth, as PNG."""
    return _chart(session, query, ChartFormat.PNG)


@router.get(
    "/depth.vl.json",
    summary="Draw Depths as Vega-Lite",
    response_class=Response,
    responses=_file("application/vnd.vegalite+json"),
)
def draw_depths_vega_lite(query: _Comparison, session: ReadSession) -> Response:
    """Return a chart of the best result against depth, as a Vega-Lite specification."""
    return _chart(session, query, ChartFormat.VEGA_LITE)
