"""The sections of a spec for the data set and the initial weights."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Discriminator, Field, Tag

from service.spec.grammar.axes import AutoOr, MixedAxis, NumberAxis, SymbolAxis
from service.spec.grammar.scalars import (
    Auto,
    DatasetName,
    Gain,
    SchemeName,
    StrictModel,
    TaskName,
    word_or_number,
)
from workers.contract import Scheme, Task


class DatasetSection(StrictModel):
    """The data set, and what to learn from it."""

    name: SymbolAxis[DatasetName] = Field("digits", description="the name of a data set")
    task: SymbolAxis[TaskName] = Field(Task.CLASSIFY, description="classify or autoencode")


class RelativeGain(StrictModel):
    """``{relative: r}``: g is r times the unbiased g of the trial's width."""

    relative: NumberAxis[Gain] = Field(description="a number above 0", examples=[1.0])


def gain_form(value: object) -> str:
    """Return whether a g is a word, a number or relative, as a tag."""
    if isinstance(value, Mapping | BaseModel):
        return "<relative>"
    return word_or_number(value)


GainValue = Annotated[
    Annotated[Auto, Tag("<auto>")]
    | Annotated[Gain, Tag("<number>")]
    | Annotated[RelativeGain, Tag("<relative>")],
    Discriminator(gain_form),
]


class InitSection(StrictModel):
    """Law of the initial weights; g multiplies the hidden matrices' unit draw."""

    scheme: SymbolAxis[SchemeName] = Field(Scheme.RWI, description="a scheme, such as rwi")
    g: MixedAxis[GainValue, Gain, AutoOr[Gain]] = Field(
        "auto", description="auto, a number above 0 or {relative: r}"
    )
    g_in: NumberAxis[Gain] = Field(1.0, description="a number above 0")
    g_out: NumberAxis[Gain] = Field(1.0, description="a number above 0")
