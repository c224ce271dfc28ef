"""The sections of a spec for the data set, the network and its initial weights."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, Discriminator, Field, Tag

from service.spec.grammar.axes import MixedAxis, NumberAxis, SymbolAxis
from service.spec.grammar.scalars import (
    ActivationName,
    Auto,
    Budget,
    DatasetName,
    Depth,
    Gain,
    SchemeName,
    Slope,
    StrictModel,
    TaskName,
    Width,
    word_or_number,
)
from workers.contract import Scheme, Task


class DatasetSection(StrictModel):
    """The data set, and what to learn from it."""

    name: SymbolAxis[DatasetName] = Field("digits", description="the name of a data set")
    task: SymbolAxis[TaskName] = Field(Task.CLASSIFY, description="classify or autoencode")


class ParameterBudget(StrictModel):
    """``{parameters: 4000000}``: the largest width whose network has no more parameters."""

    parameters: NumberAxis[Budget] = Field(
        description="a number of weights and biases", examples=[100_000]
    )


def width_form(value: object) -> str:
    """Return whether a width is written as a number or as a budget, as a tag."""
    return "<parameters>" if isinstance(value, Mapping | BaseModel) else "<number>"


WidthValue = Annotated[
    Annotated[Width, Tag("<number>")] | Annotated[ParameterBudget, Tag("<parameters>")],
    Discriminator(width_form),
]


class Network(StrictModel):
    """The architecture. ``slope`` is the negative-side slope of leaky_relu."""

    kind: SymbolAxis[Literal["ffn"]] = Field("ffn", description="ffn")
    activation: SymbolAxis[ActivationName] = Field(
        description="the nonlinearity of the hidden layers, such as relu", examples=["relu"]
    )
    slope: NumberAxis[Slope] = Field(0.01, description="a number, read by leaky_relu only")
    depth: NumberAxis[Depth] = Field(
        description="hidden layers, a whole number of at least 1", examples=[32]
    )
    width: MixedAxis[WidthValue, Width, Width] = Field(
        description="units per hidden layer, a whole number of at least 1, or {parameters: n}",
        examples=[64],
    )


class RelativeGain(StrictModel):
    """``{relative: r}``: g is r times the unbiased g of the trial's width."""

    relative: NumberAxis[Gain] = Field(description="a number above 0", examples=[1.0])


def gain_form(value: object) -> str:
    """Return whether a g is a word, a number or relative, as a tag."""
    if isinstance(value, Mapping | BaseModel):
        return "<relative>"
    return word_or_number(value)


GainScalar = Annotated[
    Annotated[Auto, Tag("<auto>")] | Annotated[Gain, Tag("<number>")],
    Discriminator(word_or_number),
]
GainValue = Annotated[
    Annotated[Auto, Tag("<auto>")]
    | Annotated[Gain, Tag("<number>")]
    | Annotated[RelativeGain, Tag("<relative>")],
    Discriminator(gain_form),
]


class Init(StrictModel):
    """How initial weights are drawn; g multiplies the hidden matrices' unit draw."""

    scheme: SymbolAxis[SchemeName] = Field(Scheme.RWI, description="a scheme, such as rwi")
    g: MixedAxis[GainValue, Gain, GainScalar] = Field(
        "auto", description="auto, a number above 0 or {relative: r}"
    )
    g_in: NumberAxis[Gain] = Field(1.0, description="a number above 0")
    g_out: NumberAxis[Gain] = Field(1.0, description="a number above 0")
