"""Schemas of claims, and of the judgements that sweeps pass on them."""

from datetime import datetime
from uuid import UUID

from pydantic import Field, JsonValue

from service.enums import ClaimSize, Verdict
from service.schemas.base import OpenEnum, Schema


class Finding(Schema):
    """Estimate and verdict of one group of a claim's trials, such as one depth."""

    group: str = Field(description="The values that the trials of the group share.")
    n: int = Field(description="Number of seeds, or of pairs of seeds.")
    estimate: float | None = Field(description="Estimate of the judged quantity.")
    low: float | None = Field(description="Lower end of the estimate's confidence interval.")
    high: float | None = Field(description="Upper end of the estimate's confidence interval.")
    verdict: OpenEnum[Verdict]
    more_seeds: int | None = Field(
        None,
        description=(
            "Seeds to add to decide the group with a chance of 80 %, from the measured variance; "
            "null if it is decided, or if no number of seeds would."
        ),
    )
    remark: str = Field("", description="What else is to be said about the group.")


class FigurePoint(Schema):
    """A point of a claim's figure."""

    series: str = Field(description="Name of the point's series.")
    x: float
    y: float
    low: float | None = Field(None, description="Lower end of the interval of `y`.")
    high: float | None = Field(None, description="Upper end of the interval of `y`.")
    predicted: float | None = Field(None, description="Value of `y` that the claim predicts.")


class FigureAxes(Schema):
    """Titles and scales of a claim's figure."""

    x_title: str
    y_title: str
    x_log: bool = False
    y_log: bool = False


class Evidence(Schema):
    """The verdict of a statistic, with the numbers that it rests on."""

    verdict: OpenEnum[Verdict]
    quantity: str = Field(description="The judged quantity, in words.")
    expected: str = Field(description="What the claim says of it, in words.")
    reason: str = Field(description="Why the verdict is what it is, in one sentence.")
    n: int = Field(description="Smallest number of seeds in a group.")
    estimate: float | None = Field(
        description="Estimate in the group that decides the verdict; null without one."
    )
    low: float | None = Field(description="Lower end of that estimate's confidence interval.")
    high: float | None = Field(description="Upper end of that estimate's confidence interval.")
    more_seeds: int | None = Field(
        description=(
            "Seeds to add so that each undecided group is decided with a chance of 80 %, from the "
            "measured variance; null if none is undecided, or if no number of seeds would do."
        )
    )
    findings: tuple[Finding, ...] = Field(description="Estimate and verdict of each group.")
    points: tuple[FigurePoint, ...] = Field(description="The points of the claim's figure.")
    axes: FigureAxes


class JudgementRead(Schema):
    """A stored judgement of a claim."""

    id: UUID
    claim: str = Field(description="Name of the claim.")
    size: OpenEnum[ClaimSize]
    sweep_id: UUID = Field(description="Sweep whose trials were judged.")
    spec_hash: str = Field(description="SHA-256 of the sweep's spec.")
    judge_hash: str = Field(description="SHA-256 of the rule by which the claim was judged.")
    current: bool = Field(
        description="Whether the claim still has that spec and that rule at this size."
    )
    evidence: Evidence
    device: str = Field(description="Devices that the trials ran on.")
    versions: str = Field(description="Versions of the software that ran them.")
    seconds: float | None = Field(description="Seconds from the sweep's start to its end.")
    created_at: datetime


class ClaimRead(Schema):
    """A claim with the newest judgement of each size."""

    name: str
    claim: str = Field(description="What is claimed, in words.")
    source: str = Field(description="Who claims it.")
    prediction: str = Field(description="What theory expects, with its numbers.")
    statistic: str = Field(description="The statistic that judges it.")
    times: dict[str, str] = Field(description="How long each size takes, in words.")
    spec_hashes: dict[str, str] = Field(description="SHA-256 of the spec of each size.")
    judgements: tuple[JudgementRead, ...] = Field(
        description=(
            "A judgement of each size that has one: the newest of the claim's spec and rule as "
            "they are now, or else the newest."
        )
    )


class JudgementRequest(Schema):
    """The sweep by which a claim is to be judged."""

    sweep_id: UUID = Field(description="A completed sweep of the claim's spec.")


class SizeRead(Schema):
    """A claim at one of its sizes: what runs, and how it is judged."""

    size: OpenEnum[ClaimSize]
    time: str = Field(description="How long it takes, in words.")
    spec: str = Field(description="The sweep's spec, as JSON.")
    spec_hash: str = Field(description="SHA-256 of the spec's canonical JSON.")
    judge: dict[str, JsonValue] = Field(description="The rule that judges the sweep's trials.")


class ClaimDetail(ClaimRead):
    """A claim with its specs and rules."""

    sizes: tuple[SizeRead, ...]


class ClaimList(Schema):
    """All claims that the service knows."""

    claims: tuple[ClaimRead, ...]
