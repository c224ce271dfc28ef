"""Schemas of comparisons between groups of trials and between depths."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from service.schemas.base import OpenEnum, Schema

Scalar = bool | int | float | str | None
"""Value of a column in JSON."""


class Metric(StrEnum):
    """Measured quantities that can be compared."""

    TRAIN_LOSS = "train_loss"
    TRAIN_ERROR = "train_error"
    EVAL_LOSS = "eval_loss"
    EVAL_ERROR = "eval_error"


class IntervalKind(StrEnum):
    """Methods for the confidence interval of a mean."""

    T = "t"
    BOOTSTRAP = "bootstrap"

    @property
    def label(self) -> str:
        """Name of the method in captions."""
        return "Student t" if self is IntervalKind.T else "bootstrap"


class SignificanceTest(StrEnum):
    """Tests of the difference of two means."""

    PAIRED_T = "paired_t"
    WELCH_T = "welch_t"


class Group(Schema):
    """Statistics of the trials that share the values of the grouping columns.

    Only trials that have a value are averaged; the others are counted by reason, so that
    `n_trials` is the sum of `n` and the counts `n_diverged` to `n_missing`.
    """

    by: dict[str, Scalar] = Field(description="Values of the grouping columns.")
    n_trials: int = Field(
        description=(
            "Number of trials in the group; of trials that were written differently but have the "
            "same resolved configuration and seed, only one counts."
        )
    )
    n: int = Field(description="Number of trials that are averaged.")
    n_diverged: int = Field(description="Number of diverged trials; they are not averaged.")
    n_stopped: int = Field(description="Trials stopped early, before the epoch that is compared.")
    n_failed: int = Field(description="Number of failed trials.")
    n_cancelled: int = Field(description="Number of cancelled trials.")
    n_unfinished: int = Field(description="Trials without an outcome or a value yet.")
    n_missing: int = Field(
        description="Completed trials whose task has no such metric (autoencoding has no error)."
    )
    mean: float | None = Field(
        description="Mean of the values; null for n = 0, as are median, min and max."
    )
    sd: float | None = Field(description="Sample standard deviation (n - 1); null for n < 2.")
    median: float | None
    min: float | None
    max: float | None
    ci_low: float | None = Field(
        description="Lower end of the mean's confidence interval; null for n < 2."
    )
    ci_high: float | None = Field(
        description="Upper end of the mean's confidence interval; null for n < 2."
    )


class GroupComparison(Schema):
    """Statistics of groups of a sweep's trials."""

    sweep_id: UUID
    group_by: tuple[str, ...]
    metric: OpenEnum[Metric]
    at: str
    ci: OpenEnum[IntervalKind]
    level: float
    groups: tuple[Group, ...]


class BetterThanPrevious(Schema):
    """Test of a depth's best configuration against the best one of the next smaller depth."""

    previous_depth: int = Field(description="The next smaller depth that has a value.")
    difference: float = Field(
        description="Mean of this depth minus mean of the previous one; negative is better."
    )
    test: OpenEnum[SignificanceTest] = Field(
        description="Paired by seed if the two share at least two seeds, else Welch's test."
    )
    n: int = Field(description="Number of pairs, or of values on both sides together.")
    p_value: float = Field(ge=0, le=1, description="Two-sided p-value of no difference.")
    better: bool = Field(description="Whether the difference is negative and p is below 1 - level.")


class DepthBest(Schema):
    """The best configuration of one depth, with its statistics over seeds."""

    depth: int = Field(description="Number of hidden layers.")
    configuration: dict[str, Scalar] | None = Field(
        description=(
            "Every axis but depth and seed, as written in the spec; null if no trial has a value."
        )
    )
    n_trials: int = Field(description="Number of trials of the best configuration.")
    n: int = Field(description="Number of its trials that are averaged.")
    n_diverged: int = Field(description="Number of its diverged trials.")
    n_failed: int = Field(description="Number of its failed trials.")
    n_stopped: int = Field(
        description="Its trials that were stopped early, before the epoch that is compared."
    )
    mean: float | None = Field(description="Mean over seeds; null for n = 0.")
    sd: float | None = Field(description="Sample standard deviation (n - 1); null for n < 2.")
    ci_low: float | None = Field(
        description="Lower end of the mean's confidence interval; null for n < 2."
    )
    ci_high: float | None = Field(
        description="Upper end of the mean's confidence interval; null for n < 2."
    )
    predicted_drift: float | None = Field(
        description=(
            "Predicted mean of ln(|delta_1| / |delta_D|) of the initial networks, in nats; null "
            "without a prediction."
        )
    )
    predicted_spread: float | None = Field(
        description="Predicted standard deviation of ln(|delta_1| / |delta_D|), in nats."
    )
    mean_z_init: float | None = Field(
        description=(
            "Mean over the trials of the measured ln(|delta_1| / |delta_D|), in predicted standard "
            "deviations from the predicted mean; null without a prediction."
        )
    )
    n_configurations: int = Field(description="Number of configurations at this depth.")
    n_trials_at_depth: int = Field(
        description="Number of trials at this depth, over all configurations."
    )
    n_diverged_at_depth: int = Field(description="Number of diverged trials at this depth.")
    better_than_previous: BetterThanPrevious | None = Field(
        description="Null without a test: no smaller depth, too few seeds, or equal values."
    )


class DepthComparison(Schema):
    """The best configuration of each depth."""

    sweep_id: UUID
    metric: OpenEnum[Metric]
    at: str
    ci: OpenEnum[IntervalKind]
    level: float
    depths: tuple[DepthBest, ...]
