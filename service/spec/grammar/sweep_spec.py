"""The whole sweep spec: a frozen model with every default."""

import hashlib
import json
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from service.spec.grammar.axes import (
    AutoOr,
    MixedAxis,
    NumberAxis,
    SymbolAxis,
    Variants,
    list_or_one,
)
from service.spec.grammar.axis_forms import Grid
from service.spec.grammar.controls import (
    EarlyStopping,
    Limits,
    OverrideRule,
    Priority,
    Profiles,
    ResourcesSection,
    Search,
)
from service.spec.grammar.networks import NetworkSection
from service.spec.grammar.optimizers import OptimizerSection, Sgd
from service.spec.grammar.scalars import (
    Count,
    Finite,
    Fraction,
    FreezeName,
    Label,
    Parts,
    Positive,
    PrecisionName,
    StrictModel,
    Whole,
)
from service.spec.grammar.schedules import Constant, ScheduleSection
from service.spec.grammar.sections import DatasetSection, InitSection
from workers.contract import Freeze, Precision


class TrainingSection(StrictModel):
    """Options of training.

    ``lr`` is multiplied by ``(depth / 10)^lr_depth_power``, and for hidden matrices of a kind of
    network with a branch gain beta also by ``beta^lr_beta_power``.
    """

    epochs: NumberAxis[Whole] = Field(
        description="passes over the training set, a whole number of at least 0", examples=[1]
    )
    batch_size: NumberAxis[Count] = Field(100, description="samples per step")
    optimizer: Variants[OptimizerSection] = Field(Sgd(), description="a mapping with a kind")
    lr: NumberAxis[Positive] = Field(
        description="the learning rate, a number above 0", examples=[0.01]
    )
    lr_depth_power: NumberAxis[Finite] = Field(0.0, description="a number")
    lr_beta_power: MixedAxis[AutoOr[Finite], Finite, AutoOr[Finite]] = Field(
        "auto", description="auto or a number"
    )
    schedule: Variants[ScheduleSection] = Field(
        Constant(kind="constant"), description="a mapping with a kind"
    )
    label_smoothing: NumberAxis[Fraction] = Field(
        0.0, description="a number from 0 to below 1; of the task classify only"
    )
    freeze: SymbolAxis[FreezeName] = Field(Freeze.NONE, description="none or body")
    precision: SymbolAxis[PrecisionName] = Field(
        Precision.FLOAT32, description="float32 or float64"
    )


PathText = Annotated[str, Field(max_length=200)]
Seeds = Annotated[
    Annotated[Count, Tag("<value>")] | Annotated[Grid[Whole], Tag("<grid>")],
    Discriminator(list_or_one),
]


class SweepSpec(StrictModel):
    """One sweep: axes, seeds, and how to run them."""

    version: Literal[1] = Field(description="1", examples=[1])
    name: Label = Field(description="1 to 200 characters", examples=["relu-depth"])
    dataset: Variants[DatasetSection] = DatasetSection()
    network: Variants[NetworkSection] = Field(
        description="a mapping with activation, depth and width",
        examples=[{"activation": "relu", "depth": 32, "width": 64}],
    )
    init: Variants[InitSection] = InitSection()
    training: TrainingSection = Field(
        description="a mapping with epochs and lr", examples=[{"epochs": 1, "lr": 0.01}]
    )
    seeds: Seeds = Field(1, description="a count, or a list of seeds")
    search: Search = Search()
    link: Annotated[
        tuple[Annotated[tuple[PathText, ...], Field(strict=False, min_length=2)], ...],
        Field(strict=False),
        Parts(),
    ] = ()
    when: Annotated[tuple[OverrideRule, ...], Field(strict=False, max_length=1000), Parts()] = ()
    early_stopping: EarlyStopping | None = None
    profiles: Profiles = Profiles()
    limits: Limits = Limits()
    resources: ResourcesSection = ResourcesSection()
    priority: Priority = 0
    tags: Annotated[dict[Label, Label], Field(max_length=100)] = Field({})

    def canonical_json(self) -> str:
        """Return the spec as it was sent, without defaults, keys sorted, as one line of JSON.

        Specs that differ in the order of keys or in ``1`` for ``1.0`` have the same text, and
        parsing the text gives the spec again.
        """
        sent = self.model_dump(mode="json", by_alias=True, exclude_unset=True)
        return json.dumps(sent, sort_keys=True, separators=(",", ":"), allow_nan=False)

    def sha256(self) -> str:
        """Return the SHA-256 of `canonical_json`, in hexadecimal."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()
