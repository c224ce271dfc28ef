"""Base class of the schemas, and enum fields that accept the members of a newer service."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    PlainValidator,
    ValidationInfo,
)
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import CoreSchema, core_schema

_Enum = TypeVar("_Enum", bound=StrEnum)


class Schema(BaseModel):
    """A frozen model that ignores unknown fields and refuses numbers that are not finite."""

    # Pydantic would write a float that is not finite as null. It ignores unknown fields by default,
    # which lets an older client read the responses of a service that has gained fields.
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, from_attributes=True)


@dataclass(frozen=True, slots=True)
class OrElse:
    """Annotation: values that the type refuses are read by a function instead.

    The JSON Schema is that of the type alone.

    Attributes:
        read: Returns a value of the type, given the type, the input and pydantic's information.
    """

    # Any: whatever the annotated type is.
    read: Callable[[type[Any], object, ValidationInfo], object]

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        fallback = SkipJsonSchema[Annotated[Any, PlainValidator(partial(self.read, source))]]
        known, other = handler(source), handler.generate_schema(fallback)
        return core_schema.union_schema([known, other], mode="left_to_right")


def unknown_member(kind: type[_Enum], value: object, info: ValidationInfo) -> _Enum:
    """Return a new member of an enum for a text from JSON that the enum does not list.

    Raises:
        ValueError: The value is not a text, or the input is not JSON.
    """
    if info.mode != "json" or not isinstance(value, str):
        raise ValueError(f"must be a {kind.__name__}")
    member = str.__new__(kind, value)
    # The attributes that EnumType sets on members.
    member._name_ = value.upper()
    member._value_ = value
    return member


OpenEnum = Annotated[_Enum, OrElse(unknown_member)]
"""An enum field that, read from JSON, also accepts texts that the enum does not list.

So a client can read the responses of a newer service. A member made from such a text equals the
text and no listed member; it can be copied, but not unpickled. Python values, which the service
itself makes, are checked strictly.
"""
