"""Names that queries may use, derived from the columns of trials and configurations.

A name is a column of `trials`, a column of `configurations`, or a leaf of a configuration that
has no column of its own and is read from its JSON.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import JSON, Boolean, ColumnElement, Enum, Integer, String, type_coerce
from sqlalchemy.types import Double, TypeDecorator, TypeEngine

from service.query.errors import UnknownNameError
from service.query.expressions import Column, ColumnType
from service.schemas.comparisons import Scalar
from service.store.models import Configuration, Trial
from service.store.models.roles import Role, columns_of, role_of
from workers.architectures import ARCHITECTURES
from workers.contract.leaves import LeafType, leaf_types

_TRIAL: Final = {
    name: column for name, column in columns_of(Trial).items() if role_of(column) is not Role.COPY
}
# A trial has an id, a sweep and a number of its own.
_CONFIGURATION: Final = {
    name: column
    for name, column in columns_of(Configuration).items()
    if name not in _TRIAL and name not in ("coordinates", "configuration")
}
LEAVES: Final[Mapping[str, LeafType]] = {
    name: leaf
    for name, leaf in leaf_types(each.network_type for each in ARCHITECTURES.values()).items()
    if name not in _CONFIGURATION
}
"""Leaves of configurations that have no column of their own, by name."""

FIELDS: Final[Sequence[str]] = (*_TRIAL, *_CONFIGURATION, *LEAVES)
"""What a list of trials may be asked for."""


def _column_type(sql_type: TypeEngine[Any]) -> ColumnType | None:  # Any: as SQLAlchemy has it
    match sql_type.impl if isinstance(sql_type, TypeDecorator) else sql_type:
        case Enum():
            return ColumnType.ENUM
        case Boolean():
            return ColumnType.BOOLEAN
        case Integer():
            return ColumnType.INTEGER
        case Double():
            return ColumnType.NUMBER
        case String():
            return ColumnType.TEXT
    return None


_LEAF_COLUMN_TYPES: Final = {
    bool: ColumnType.BOOLEAN,
    int: ColumnType.INTEGER,
    float: ColumnType.NUMBER,
    str: ColumnType.TEXT,
}


def _filterable() -> Mapping[str, Column]:
    found: dict[str, Column] = {}
    for name, column in (*_TRIAL.items(), *_CONFIGURATION.items()):
        kind = _column_type(column.type)
        if kind is not None:
            values = tuple(column.type.enums) if isinstance(column.type, Enum) else ()
            found[name] = Column(name, kind, values)
    for name, leaf in LEAVES.items():
        if issubclass(leaf.type, StrEnum):
            values = tuple(member.value for member in leaf.type)
            found[name] = Column(name, ColumnType.ENUM, values)
        elif leaf.type in _LEAF_COLUMN_TYPES:
            found[name] = Column(name, _LEAF_COLUMN_TYPES[leaf.type])
    return MappingProxyType(found)


FILTERABLE: Final[Mapping[str, Column]] = _filterable()
"""What filters and orders may name: everything but ids, times and lists."""


def _is_groupable(name: str) -> bool:
    if name in LEAVES or name == Trial.outcome.key:
        return True
    column = _TRIAL[name] if name in _TRIAL else _CONFIGURATION[name]
    # A prediction differs between all networks, as a result does.
    is_prediction = name.startswith("predicted_")
    return role_of(column) in (Role.WRITTEN, Role.RESOLVED) and not is_prediction


GROUPABLE: Final[Mapping[str, Column]] = MappingProxyType(
    {name: column for name, column in FILTERABLE.items() if _is_groupable(name)}
)
"""What groups may be made by: every axis, as written and as resolved, and the outcome."""

AXES: Final[Sequence[str]] = (
    *(name for name, column in _CONFIGURATION.items() if role_of(column) is Role.WRITTEN),
    *(name for name in LEAVES if name != "profile_epochs"),
)
"""Axes of configurations as written, in the order in which a chart prefers them."""


@cache
def attribute(name: str) -> ColumnElement[Any]:  # Any: the column's type is in the name
    """Return what a name of `FIELDS` stands for, in a query that joins both tables."""
    if name in _TRIAL:
        return cast(ColumnElement[Any], getattr(Trial, name))
    if name in _CONFIGURATION or name == Configuration.configuration.key:
        return cast(ColumnElement[Any], getattr(Configuration, name))
    leaf = LEAVES[name]
    value = Configuration.configuration[leaf.path]
    if leaf.type is bool:
        return cast(ColumnElement[Any], value.as_boolean())
    if leaf.type is int:
        return cast(ColumnElement[Any], value.as_integer())
    if leaf.type is float:
        return cast(ColumnElement[Any], value.as_float())
    if issubclass(leaf.type, str):
        return cast(ColumnElement[Any], value.as_string())
    # Without it a list inside the JSON would be read as a whole configuration.
    return type_coerce(value, JSON())


def is_nullable(name: str) -> bool:
    """Return whether some rows have no value of this name."""
    if name in LEAVES:
        return True  # another kind of network does not have it
    return bool((_TRIAL[name] if name in _TRIAL else _CONFIGURATION[name]).nullable)


def read_names(
    parameter: str, text: str, allowed: Mapping[str, object] | Sequence[str]
) -> tuple[str, ...]:
    """Return the names in a comma-separated list, each once, in its order.

    Raises:
        UnknownNameError: One is not allowed, or there is none.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in names:
        if name not in allowed:
            raise UnknownNameError(parameter, name or "nothing", tuple(allowed))
    return names


def plain(value: object) -> Scalar:
    """Return a column's value as JSON has it."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, UUID):
        return str(value)
    return str(value)
