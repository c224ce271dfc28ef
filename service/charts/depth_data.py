"""Data of a chart of the best result against depth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPoint:
    """The best configuration of a depth; its numbers are None if no trial has a value.

    Attributes:
        series: Its value of the second axis as text; None if no trial has a value.
        depth: Number of hidden layers.
        mean: Mean over seeds.
        ci_low: Lower end of the mean's interval; None for fewer than two seeds.
        ci_high: Upper end of the mean's interval; None for fewer than two seeds.
    """

    series: str | None
    depth: int
    mean: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """The best configuration of a depth among those with one value of the second axis.

    Attributes:
        series: The value of the second axis as text.
        depth: Number of hidden layers.
        mean: Mean over seeds; None if no trial has a value.
        ci_low: Lower end of the mean's interval; None for fewer than two seeds.
        ci_high: Upper end of the mean's interval; None for fewer than two seeds.
        n_diverged: Number of diverged trials at this depth and value, over all configurations.
        n_trials: Number of trials at this depth and value.
    """

    series: str
    depth: int
    mean: float | None
    ci_low: float | None
    ci_high: float | None
    n_diverged: int
    n_trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthChartData:
    """Titles and points of a depth chart.

    Attributes:
        title: First line of the chart.
        subtitle: Lines below the title: sweep, data sets and epoch; what the black points, bars and
            band are.
        value_title: Title of the vertical axis, with its unit.
        percent: Whether values are fractions, to be shown in per cent.
        series_title: Name of the second axis; empty if there is none.
        ordered: Whether the values of the second axis are numbers.
        best: Best configurations by depth, ascending.
        series: Points of all values of the second axis, in the order of the values.
    """

    title: str
    subtitle: tuple[str, ...]
    value_title: str
    percent: bool
    series_title: str
    ordered: bool
    best: tuple[BestPoint, ...]
    series: tuple[SeriesPoint, ...]
