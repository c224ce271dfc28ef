"""The valid fields of a mapping of the spec, which may have issues in others."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Self

from pydantic import BaseModel


class Invalid(Enum):
    """The type of `INVALID`, distinct from the type of every value."""

    INVALID = "invalid"


#: Stands for a value that is missing or not valid. It equals nothing else.
INVALID = Invalid.INVALID


@dataclass(frozen=True, slots=True)
class ValidFields:
    """The valid fields of one mapping of a spec.

    Attributes:
        model: The mapping's model in the grammar.
        values: Values by field name, defaults included. Fields that are required and missing,
            or not valid, are absent. A mapping within that has issues is a `ValidFields`; a
            list of mappings is a tuple, with `INVALID` for entries of which nothing is valid.
        given: Names of the fields that the document gives.
        unknown: Keys that the document gives and the mapping cannot have.
    """

    model: type[BaseModel]
    values: Mapping[str, object]
    given: frozenset[str]
    unknown: tuple[str, ...] = ()

    @classmethod
    def of(cls, whole: BaseModel) -> Self:
        """Return the fields of a mapping without issues."""
        return cls(type(whole), dict(whole), frozenset(whole.model_fields_set))

    def at(self, path: str) -> object:
        """Return the value at a path such as ``search.n``; `INVALID` where there is none."""
        here: object = self
        for name in path.split("."):
            fields = fields_of(here)
            here = INVALID if fields is None else fields.values.get(name, INVALID)
        return here


def fields_of(value: object) -> ValidFields | None:
    """Return the valid fields of a mapping of the grammar; None for any other value."""
    if isinstance(value, BaseModel):
        return ValidFields.of(value)
    return value if isinstance(value, ValidFields) else None
