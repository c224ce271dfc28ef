"""Schemas of a sweep's preview."""

from typing import Final

from pydantic import Field

from service.enums import GMode, WarningKind
from service.schemas.base import OpenEnum, Schema
from workers.contract import Activation, OptimizerKind, Scheme, Task

MOST_FORECASTS: Final = 1000
"""Configurations whose walk a preview predicts; those beyond are counted only."""


class PreviewRange(Schema):
    """Smallest and largest over the trials of a sweep."""

    low: int
    high: int


class PreviewRow(Schema):
    """A trial as it would be planned."""

    configuration: int = Field(description="Index in `configurations`.")
    dataset: str
    task: OpenEnum[Task]
    activation: OpenEnum[Activation]
    depth: int
    width: int
    parameters: int
    scheme: OpenEnum[Scheme]
    g_mode: OpenEnum[GMode]
    g_relative: float | None
    g: float | None = Field(description="Null while it is being simulated.")
    lr: float
    effective_lr: float = Field(description="After the rule for depth.")
    epochs: int
    batch_size: int
    optimizer: OpenEnum[OptimizerKind]
    seed: int


class PreviewForecast(Schema):
    """A random network and its predicted walk; what is not known is null."""

    name: str = Field(description="The configuration in words.")
    weights: str
    activation: OpenEnum[Activation]
    slope: float
    width: int
    depth: int
    g_relative: float | None
    n_trials: int
    g: float | None
    exact: bool = Field(description="Whether the walk has a closed form.")
    pending: bool = Field(description="Whether it is still being simulated: ask again.")
    drift: float | None = Field(description="Mean of ln(|delta_1| / |delta_D|), in nats.")
    drift_error: float | None = Field(description="Its standard error; 0 where it is exact.")
    spread: float | None = Field(description="Standard deviation of it, in nats.")
    death_probability: float | None = Field(
        description="Chance that some layer passes nothing; null where there is no formula."
    )
    decorrelation: float | None = Field(
        description=(
            "1 less the correlation, in the last layer, of inputs that are uncorrelated in the "
            "first; for linear, relu and leaky_relu."
        )
    )
    depth_scale: float | None = Field(
        description=(
            "Layers over which a correlation's distance from its fixed point falls by e, in wide "
            "networks; null where it falls slower."
        )
    )
    remark: str | None = Field(description="Why numbers are missing for good.")


class PreviewWarning(Schema):
    """One thing that is expected to go wrong."""

    kind: OpenEnum[WarningKind]
    message: str = Field(description="In words, with the worst configurations by name.")
    configurations: tuple[int, ...] = Field(description="Indices in `configurations`.")


class TimeEstimate(Schema):
    """How long a sweep would take; null where no worker has been measured yet."""

    seconds: float | None = Field(description="From the first trial to the last; not Ray's start.")
    actors: int | None = Field(description="On so many workers, as many as there were last.")
    device: str | None = Field(description="The model of their processor.")
    error_factor: float = Field(description="The time may be so many times longer or shorter.")
    remark: str = Field(description="In words.")


class Preview(Schema):
    """What a sweep would run, take and, by theory, do."""

    name: str
    n_trials: int
    n_points: int = Field(description="Combinations of coordinates, each with every seed.")
    n_configurations: int = Field(description="Distinct random networks among them.")
    n_pending: int = Field(description="Predicted walks that are still being simulated.")
    rows: tuple[PreviewRow, ...] = Field(description="The first trials, in planning order.")
    parameters: PreviewRange
    parameters_total: int = Field(description="Over all trials.")
    memory_bytes: PreviewRange = Field(
        description=(
            "Peak of a worker that runs one trial alone and keeps every activation: parameters, "
            "gradients, optimizer state, activations, full passes, its data set; no libraries."
        )
    )
    flops_total: int = Field(description="Of all matrix products of all trials.")
    time: TimeEstimate
    configurations: tuple[PreviewForecast, ...] = Field(
        description=f"By first occurrence; at most {MOST_FORECASTS}."
    )
    warnings: tuple[PreviewWarning, ...]
