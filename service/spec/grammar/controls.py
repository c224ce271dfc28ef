"""The settings of a sweep that are no axes: search, rules, stopping, limits, resources."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Discriminator, Field, JsonValue, Tag

from service.spec.grammar.axes import AutoOr
from service.spec.grammar.axis_forms import GridSize, distinct
from service.spec.grammar.scalars import (
    LARGEST,
    Count,
    Finite,
    Parts,
    Positive,
    StrictModel,
    Whole,
)
from workers.contract import StoppingKind, StoppingMetric


class SearchKind(StrEnum):
    """Samplers of drawn axes."""

    RANDOM = "random"
    SOBOL = "sobol"


class Search(StrictModel):
    """Sampling of drawn axes: n draws for each grid point."""

    kind: Annotated[SearchKind, Field(strict=False)] = SearchKind.RANDOM
    n: GridSize | None = Field(None, description="draws, a whole number of at least 1")
    seed: Whole = 0


class ComparisonCondition(StrictModel):
    """Comparisons of one coordinate; all that are given must hold."""

    eq: JsonValue = None
    ne: JsonValue = None
    lt: Finite = 0.0
    le: Finite = 0.0
    gt: Finite = 0.0
    ge: Finite = 0.0
    any_of: list[JsonValue] = Field(default=[], alias="in", min_length=1)


def condition_form(value: object) -> str:
    """Return whether a condition is a value to equal or a comparison, as a tag."""
    return "<comparison>" if isinstance(value, Mapping | ComparisonCondition) else "<equal>"


Condition = Annotated[
    Annotated[JsonValue, Tag("<equal>")] | Annotated[ComparisonCondition, Tag("<comparison>")],
    Discriminator(condition_form),
]


class OverrideRule(StrictModel):
    """A rule: where all conditions hold, the values of ``set`` replace those written."""

    conditions: Annotated[dict[str, Condition], Parts()] = Field(
        alias="if", min_length=1, description="a mapping of paths to conditions"
    )
    overrides: dict[str, JsonValue] = Field(
        alias="set", min_length=1, description="a mapping of paths to values"
    )


class EarlyStopping(StrictModel):
    """Early stopping of trials that do worse than others."""

    kind: Annotated[StoppingKind, Field(strict=False)] = Field(
        description="asha, halving or median", examples=["asha"]
    )
    metric: Annotated[StoppingMetric, Field(strict=False)] = StoppingMetric.TRAIN_LOSS
    eta: Annotated[int, Field(ge=2, le=1000)] = 3
    grace_epochs: Count = 1
    within: Annotated[
        tuple[Annotated[str, Field(strict=True, min_length=1, max_length=200)], ...],
        Field(
            strict=False,
            max_length=100,
            description="paths of coordinates; a trial competes with those that agree on them",
        ),
        AfterValidator(distinct),
    ] = ("network.depth",)


class Profiles(StrictModel):
    """The epochs at which layer profiles are recorded."""

    epochs: Annotated[
        tuple[Whole, ...], Field(strict=False, max_length=1000), AfterValidator(distinct)
    ] = ()


class Limits(StrictModel):
    """Limits of the sweep: trials, failures, minutes."""

    max_trials: Annotated[int, Field(ge=1, le=10**18)] = 10_000
    max_failures: Whole = 3
    deadline_minutes: Positive | None = None


class Device(StrEnum):
    """Devices that trials may run on."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class ResourcesSection(StrictModel):
    """The device that trials run on, and the number of trials that share an actor."""

    device: Annotated[Device, Field(strict=False)] = Device.AUTO
    pack_size: AutoOr[Count] = "auto"


Priority = Annotated[int, Field(ge=-LARGEST, le=LARGEST)]
