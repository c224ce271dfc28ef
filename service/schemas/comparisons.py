"""Schemas of comparisons: groups of a sweep's trials, and the best configuration of each depth."""

from enum import StrEnum
from uuid import UUID

from pydantic import Field

from service.schemas.base import OpenEnum, Schema

Scalar = bool | int | float | str | None
"""A column's value as JSON has it."""


class Metric(StrEnum):
    """What is compared."""

    TRAIN_LOSS = "train_loss"
    TRAIN_ERROR = "train_error"
    EVAL_LOSS = "eval_loss"
    EVAL_ERROR = "eval_error"


class IntervalKind(StrEnum):
    """How the interval of a mean is built."""

    T = "t"
    BOOTSTRAP = "bootstrap"


class SignificanceTest(StrEnum):
    """How two means are compared."""

    PAIRED_T = "paired_t"
    WELCH_T = "welch_t"


class Group(Schema):
    """The trials that share the values of the grouping columns.

    Only trials that have a number are averaged; the others are counted by reason, so that
    ``n_trials`` is the sum of all the ``n``s.
    """

    by: dict[str, Scalar] = Field(description="Values of the grouping columns.")
    n_trials: int
    n: int = Field(description="Trials that are averaged.")
    n_diverged: int = Field(description="Diverged: counted, never averaged.")
    n_stopped: int = Field(description="Stopped early, before the moment that is compared.")
    n_failed: int
    n_cancelled: int
    n_unfinished: int
    n_missing: int = Field(
        description="Completed without this value, such as an error if autoencoding."
    )
    mean: float | None = Field(description="null for n = 0, as are median, min and max.")
    sd: float | None = Field(description="Sample standard deviation (n - 1); null for n < 2.")
    median: float | None
    min: float | None
    max: float | None
    ci_low: float | None = Field(description="Interval of the mean; null for n < 2.")
    ci_high: float | None


class GroupComparison(Schema):
    """Groups of a sweep's trials side by side."""

    sweep_id: UUID
    group_by: tuple[str, ...]
    metric: OpenEnum[Metric]
    at: str
    ci: OpenEnum[IntervalKind]
    level: float
    groups: tuple[Group, ...]


class BetterThanPrevious(Schema):
    """A depth's best configuration against the best of the depth before it."""

    previous_depth: int
    difference: float = Field(description="This depth's mean minus that one's; negative is better.")
    test: OpenEnum[SignificanceTest] = Field(
        description="Paired by seed where they share at least two seeds, else Welch's."
    )
    n: int = Field(description="Pairs, or values of both together.")
    p_value: float = Field(ge=0, le=1, description="Two-sided, of no difference.")
    better: bool = Field(description="The difference is negative and p is below 1 - level.")


class DepthBest(Schema):
    """The best configuration of one depth."""

    depth: int
    configuration: dict[str, Scalar] | None = Field(
        description="Every axis but depth and seed as written; null if no trial has a value."
    )
    n_trials: int = Field(description="Trials of the best configuration.")
    n: int = Field(description="Those of them that are averaged.")
    n_diverged: int
    n_failed: int
    n_stopped: int = Field(description="Stopped early, before the moment that is compared.")
    mean: float | None
    sd: float | None
    ci_low: float | None = Field(description="Interval of the mean over seeds; null for n < 2.")
    ci_high: float | None
    predicted_drift: float | None = Field(
        description=(
            "Mean of the initial networks' ln(|delta_1| / |delta_D|) by theory, in nats; null "
            "where there is no prediction."
        )
    )
    predicted_spread: float | None = Field(description="Standard deviation of it.")
    mean_z_init: float | None = Field(
        description=(
            "Mean over the trials of the measured walk, in predicted standard deviations from "
            "the predicted mean."
        )
    )
    n_configurations: int = Field(description="Configurations at this depth.")
    n_trials_at_depth: int = Field(description="Trials of all of them.")
    n_diverged_at_depth: int = Field(description="Diverged ones of those.")
    better_than_previous: BetterThanPrevious | None = Field(
        description="null where nothing can be tested: too few seeds, or no spread."
    )


class DepthComparison(Schema):
    """The best configuration of every depth."""

    sweep_id: UUID
    metric: OpenEnum[Metric]
    at: str
    ci: OpenEnum[IntervalKind]
    level: float
    depths: tuple[DepthBest, ...]
