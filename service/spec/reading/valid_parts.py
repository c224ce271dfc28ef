"""Read the valid parts of a document with issues.

Every field is validated alone. A mapping keeps its valid fields, a list of mappings its valid
entries; any other field is valid as a whole or not at all.
"""

from collections.abc import Mapping
from typing import get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from service.spec.grammar.annotations import (
    adapter,
    annotation_of,
    bare,
    chosen_member,
    is_model,
    names_by_key,
)
from service.spec.grammar.messages import is_echo
from service.spec.grammar.scalars import Parts
from service.spec.grammar.valid_fields import INVALID, ValidFields
from service.spec.paths import nearest, plain
from service.spec.reading.documents import Value


def valid_fields(model: type[BaseModel], given: Mapping[str, Value]) -> ValidFields:
    """Return the valid fields of a mapping.

    A field that is not given has its default. If an unknown key may be that field misspelt, the
    field is absent instead.

    Args:
        model: The mapping's model in the grammar.
        given: The mapping as written.
    """
    names = names_by_key(model)
    unknown = tuple(key for key in given if key not in names)
    misspelt = {nearest(key, names) for key in unknown}
    values: dict[str, object] = {}
    for key, name in names.items():
        info = model.model_fields[name]
        if key in given:
            values[name] = _part(annotation_of(info), given[key], divide=_has_parts(info))
        elif not info.is_required() and key not in misspelt:
            values[name] = info.get_default()
    known = {name: value for name, value in values.items() if value is not INVALID}
    written = frozenset(name for key, name in names.items() if key in given)
    return ValidFields(model, known, written, unknown)


def _has_parts(info: FieldInfo) -> bool:
    return is_model(bare(info.annotation)) or any(isinstance(x, Parts) for x in info.metadata)


def _part(annotation: object, value: Value, *, divide: bool) -> object:
    """Return a value if it is valid, else its valid parts, else `INVALID`."""
    try:
        return adapter(annotation).validate_python(value)
    except ValidationError as error:
        if not divide or _is_refused_itself(error):
            return INVALID
    inner = chosen_member(annotation, value)
    if is_model(inner) and isinstance(value, Mapping):
        return valid_fields(inner, value)
    if get_origin(inner) is dict and isinstance(value, Mapping):
        entries = {
            key: _part(get_args(inner)[1], each, divide=False) for key, each in value.items()
        }
        return {key: entry for key, entry in entries.items() if entry is not INVALID}
    if get_origin(inner) is tuple and isinstance(value, list):
        return tuple(_part(get_args(inner)[0], each, divide=True) for each in value)
    return INVALID


def _is_refused_itself(error: ValidationError) -> bool:
    """Return whether an error is about the value itself and not about a part of it."""
    details = error.errors(include_url=False)
    return any(not plain(detail["loc"]) and not is_echo(detail) for detail in details)
