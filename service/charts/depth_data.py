"""The content of a chart of the best result against depth."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BestPoint:
    """The best configuration of a depth; None where no trial has a value.

    Attributes:
        depth: Hidden layers.
        mean: Mean over seeds.
        ci_low: Lower end of the mean's interval; None for fewer than two seeds.
        ci_high: Upper end.
    """

    depth: int
    mean: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesPoint:
    """The best configuration of a depth among those with one value of the second axis.

    Attributes:
        series: That value, in words.
        depth: Hidden layers.
        mean: Mean over seeds; None where no trial has a value.
        n_diverged: Diverged trials at this depth and value, over all configurations.
        n_trials: All trials there.
    """

    series: str
    depth: int
    mean: float | None
    n_diverged: int
    n_trials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepthChartData:
    """Titles and points of a depth chart.

    Attributes:
        title: First line.
        subtitle: Second line: where the numbers come from.
        value_title: What the vertical axis measures, with its unit.
        percent: Whether values are fractions to be shown in per cent.
        series_title: Name of the second axis; empty without one.
        ordered: Whether the second axis is a quantity.
        best: By depth, ascending.
        series: Points of every value of the second axis, in its order.
    """

    title: str
    subtitle: str
    value_title: str
    percent: bool
    series_title: str
    ordered: bool
    best: tuple[BestPoint, ...]
    series: tuple[SeriesPoint, ...]
