"""Base of the schemas, and enum fields that admit the members of a newer service."""

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
    """A frozen model; fields that it does not know are ignored, numbers are finite."""

    # A float that is not finite would become null on its way to JSON, silently. Unknown fields
    # are ignored by default: a client that refused them would break when the service gains one.
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, from_attributes=True)


@dataclass(frozen=True, slots=True)
class OrElse:
    """Annotation: values that the type refuses are given to a function, unseen in JSON Schema.

    Attributes:
        read: Returns a value of the type from the type, the input and pydantic's information.
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
    """Return a member that the enum does not list, with the text of a value from JSON.

    Raises:
        ValueError: The value is no text, or does not come from JSON.
    """
    if info.mode != "json" or not isinstance(value, str):
        raise ValueError(f"must be a {kind.__name__}")
    member = str.__new__(kind, value)
    # The attributes that the enum's own constructor sets.
    member._name_ = value.upper()
    member._value_ = value
    return member


OpenEnum = Annotated[_Enum, OrElse(unknown_member)]
"""An enum field: what is parsed from JSON text may be a member that a newer service has added.

Such a member equals its text and none of those that the enum lists; it can be copied, but not
unpickled. Python values, which this service makes itself, are checked strictly.
"""
