"""Optimizers and their settings."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from service.spec.grammar.axes import AutoOr, MixedAxis, NumberAxis, SymbolAxis
from service.spec.grammar.scalars import (
    Boolean,
    Fraction,
    ListValue,
    NonNegative,
    Positive,
    StrictModel,
)

ClipNorm = MixedAxis[Positive | None, Positive, Positive | None]


class Sgd(StrictModel):
    """Stochastic gradient descent."""

    kind: Literal["sgd"] = "sgd"
    momentum: NumberAxis[Fraction] = Field(0.0, description="a number from 0 to below 1")
    nesterov: SymbolAxis[Boolean] = Field(False, description="true or false")
    weight_decay: NumberAxis[NonNegative] = Field(0.0, description="a number of at least 0")
    clip_norm: ClipNorm = Field(None, description="a number above 0, or null")


class Adam(StrictModel):
    """Adam; its ``betas`` are one value, so a grid of them is a list of variants."""

    kind: Literal["adam"] = "adam"
    betas: Annotated[tuple[Fraction, Fraction], Field(strict=False), ListValue()] = Field(
        (0.9, 0.999), description="two numbers from 0 to below 1"
    )
    eps: MixedAxis[AutoOr[Positive], Positive, AutoOr[Positive]] = Field(
        "auto", description="auto or a number above 0"
    )
    weight_decay: NumberAxis[NonNegative] = Field(0.0, description="a number of at least 0")
    clip_norm: ClipNorm = Field(None, description="a number above 0, or null")


OPTIMIZERS: Mapping[str, type[BaseModel]] = {"sgd": Sgd, "adam": Adam}


def optimizer_kind(value: object) -> str:
    """Return the tag of an optimizer's kind; sgd where none is given."""
    if isinstance(value, Mapping):
        kind = value.get("kind", "sgd")
        return f"<{kind}>" if isinstance(kind, str) else "<>"
    return f"<{value.kind}>" if isinstance(value, Sgd | Adam) else "<sgd>"


OptimizerSection = Annotated[
    Annotated[Sgd, Tag("<sgd>")] | Annotated[Adam, Tag("<adam>")],
    Discriminator(optimizer_kind),
]
