"""The types of axes: unions of one value, a list of values and the other forms.

The members are told apart by tags in angle brackets, which appear in the locations of
pydantic's errors and are dropped before a person reads them.
"""

from collections.abc import Mapping
from typing import Annotated, cast

from pydantic import Discriminator, GetCoreSchemaHandler, Tag
from pydantic_core import CoreSchema

from service.spec.grammar.axis_forms import (
    AxisForm,
    Choice,
    Grid,
    Linspace,
    Logspace,
    LogUniform,
    N,
    S,
    T,
    Uniform,
)
from service.spec.grammar.scalars import Auto, Parts, word_or_number


class _Inline:
    """Marks a form to be written in place in JSON Schema: its generated name is cryptic."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema = handler.resolve_ref_schema(handler(source))
        # A cast: what is left of one of the typed dictionaries that a core schema may be.
        return cast(CoreSchema, {key: part for key, part in schema.items() if key != "ref"})


FORMS = ("linspace", "logspace", "uniform", "log_uniform", "choice")


def form_of(value: object) -> str:
    """Return the tag of the form of a written or parsed axis."""
    if isinstance(value, list | tuple):
        return "<grid>"
    if isinstance(value, AxisForm):
        return value.tag
    if isinstance(value, Mapping):
        return next((f"<{key}>" for key in FORMS if key in value), "<value>")
    return "<value>"


def list_or_one(value: object) -> str:
    """Return whether a section is a list of variants or one mapping, as a tag."""
    return "<grid>" if isinstance(value, list | tuple) else "<value>"


SymbolAxis = Annotated[
    Annotated[S, Tag("<value>")]
    | Annotated[Grid[S], Tag("<grid>")]
    | Annotated[Choice[S], _Inline(), Tag("<choice>")],
    Discriminator(form_of),
]

#: Parameters: the type of a listed value; of the numbers that a range may have; of the scalars
#: that a choice may have.
MixedAxis = Annotated[
    Annotated[T, Tag("<value>")]
    | Annotated[Grid[T], Tag("<grid>")]
    | Annotated[Linspace[N], _Inline(), Tag("<linspace>")]
    | Annotated[Logspace[N], _Inline(), Tag("<logspace>")]
    | Annotated[Uniform[N], _Inline(), Tag("<uniform>")]
    | Annotated[LogUniform[N], _Inline(), Tag("<log_uniform>")]
    | Annotated[Choice[S], _Inline(), Tag("<choice>")],
    Discriminator(form_of),
]

NumberAxis = MixedAxis[N, N, N]

#: The word auto, or a number.
AutoOr = Annotated[
    Annotated[Auto, Tag("<auto>")] | Annotated[N, Tag("<number>")],
    Discriminator(word_or_number),
]

#: A grid of variants: one mapping, or a list of them.
Variants = Annotated[
    Annotated[T, Tag("<value>")] | Annotated[Grid[T], Tag("<grid>")],
    Discriminator(list_or_one),
    Parts(),
]
