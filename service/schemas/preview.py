"""Schemas of the preview of a sweep."""

from typing import Final

from pydantic import Field

from service.enums import GMode, WarningKind
from service.schemas.base import OpenEnum, Schema
from workers.contract import Activation, OptimizerKind, Scheme, Task

MOST_FORECASTS: Final = 1000
"""Largest number of random networks that a preview predicts; the others are only counted."""


class PreviewRange(Schema):
    """Smallest and largest value over the trials of a sweep."""

    low: int
    high: int


class PreviewRow(Schema):
    """A trial as it would be planned, with its resolved values."""

    configuration: int = Field(description="Index of its random network in `configurations`.")
    dataset: str
    task: OpenEnum[Task]
    kind: str = Field(description="Kind of network, such as `ffn`.")
    activation: OpenEnum[Activation]
    depth: int
    width: int
    branch_scale: float | None = Field(
        description="Factor of the branches of a residual network, as resolved."
    )
    gate_bias: float | None = Field(
        description="Initial value of the biases of a highway network's gates."
    )
    parameters: int
    scheme: OpenEnum[Scheme]
    g_mode: OpenEnum[GMode]
    g_relative: float | None
    g: float | None = Field(
        description="Factor of the initial hidden matrices; null while it needs a simulation."
    )
    lr: float
    effective_lr: float = Field(
        description="Learning rate after the rule for depth (`lr_depth_power`)."
    )
    epochs: int
    batch_size: int
    optimizer: OpenEnum[OptimizerKind]
    label_smoothing: float = Field(
        description="Share of each target that is spread evenly over all classes."
    )
    seed: int


class PreviewForecast(Schema):
    """A distinct random network and its predicted walk; unknown numbers are null.

    `pending` says that the numbers will be known later, `remark` why they will not.
    """

    name: str = Field(description="The network in words.")
    kind: str = Field(description="Kind of network, such as `ffn`.")
    weights: str = Field(description="Distribution of the hidden matrices.")
    activation: OpenEnum[Activation]
    slope: float
    width: int
    depth: int
    g_relative: float | None
    n_trials: int = Field(description="Number of trials that train this network.")
    g: float | None = Field(
        description="Factor of the initial hidden matrices; null while it needs a simulation."
    )
    exact: bool = Field(description="Whether drift and spread have a closed form.")
    pending: bool = Field(
        description="Whether the numbers are being simulated; repeat the request later."
    )
    drift: float | None = Field(description="Mean of ln(|delta_1| / |delta_D|), in nats.")
    drift_error: float | None = Field(description="Standard error of `drift`; 0 if it is exact.")
    spread: float | None = Field(
        description="Standard deviation of ln(|delta_1| / |delta_D|), in nats."
    )
    death_probability: float | None = Field(
        description="Probability that some layer passes no gradient; null without a formula."
    )
    decorrelation: float | None = Field(
        description=(
            "1 minus the correlation, in the last layer, of two inputs that are uncorrelated in "
            "the first one; only for linear, relu and leaky_relu."
        )
    )
    depth_scale: float | None = Field(
        description=(
            "Number of layers over which the distance of two inputs' correlation from its limit "
            "falls by a factor of e, in wide networks; null if it falls more slowly."
        )
    )
    remark: str | None = Field(
        description="Why there is no prediction; null if there is one, or will be."
    )


class PreviewWarning(Schema):
    """A failure that theory predicts for some of the networks."""

    kind: OpenEnum[WarningKind]
    message: str = Field(description="The warning in words, with the worst networks by name.")
    configurations: tuple[int, ...] = Field(
        description="Indices of the networks in `configurations`."
    )


class TimeEstimate(Schema):
    """Expected duration of a sweep; null until workers have measured their device."""

    seconds: float | None = Field(
        description="From the first trial to the end of the last, without the start of Ray."
    )
    actors: int | None = Field(
        description="Number of workers assumed: as many as in the last sweep."
    )
    device: str | None = Field(description="Model of the workers' processor.")
    error_factor: float = Field(
        description="The true duration may differ from `seconds` by this factor."
    )
    remark: str = Field(description="How reliable the estimate is, or why there is none.")


class Preview(Schema):
    """The trials of a sweep that is not submitted yet, with their cost and predictions."""

    name: str
    n_trials: int = Field(description="Number of trials.")
    n_points: int = Field(
        description="Combinations of axis values; each is trained with every seed."
    )
    n_configurations: int = Field(description="Number of distinct random networks.")
    n_pending: int = Field(description="Number of predictions that are being simulated.")
    rows: tuple[PreviewRow, ...] = Field(description="The first trials, in planning order.")
    parameters: PreviewRange = Field(description="Weights and biases of a trial.")
    parameters_total: int = Field(description="Weights and biases of all trials together.")
    memory_bytes: PreviewRange = Field(
        description=(
            "Peak memory of a worker that runs one trial alone and keeps all activations: "
            "parameters, gradients, optimizer state, activations, data set; without libraries."
        )
    )
    flops_total: int = Field(
        description="Floating-point operations in the matrix products of all trials."
    )
    time: TimeEstimate
    configurations: tuple[PreviewForecast, ...] = Field(
        description=f"The distinct random networks by first occurrence; at most {MOST_FORECASTS}."
    )
    warnings: tuple[PreviewWarning, ...]
