"""Names that queries may use, derived from the columns of trials and configurations.

A name is a column of `trials`, a column of `configurations`, or a leaf of a configuration that
has no column of its own and is read from its JSON.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final, cast

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
# Both tables have an id, a sweep_id and a number; the name means the trial's.
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
"""Names of all fields of a trial in a list."""


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
"""Columns that filters and orders may use: all but ids, times and lists, by name."""


def _is_groupable(name: str) -> bool:
    if name in LEAVES or name == Trial.outcome.key:
        return True
    column = _TRIAL[name] if name in _TRIAL else _CONFIGURATION[name]
    # A prediction is different for each network, so that groups by it would be of one network.
    is_prediction = name.startswith("predicted_")
    return role_of(column) in (Role.WRITTEN, Role.RESOLVED) and not is_prediction


GROUPABLE: Final[Mapping[str, Column]] = MappingProxyType(
    {name: column for name, column in FILTERABLE.items() if _is_groupable(name)}
)
"""Columns that trials may be grouped by: axes as written and as resolved, and the outcome."""

AXES: Final[Sequence[str]] = (
    *(name for name, column in _CONFIGURATION.items() if role_of(column) is Role.WRITTEN),
    *(name for name in LEAVES if name != "profile_epochs"),
)
"""Axes of configurations as written, in the order in which a chart tries them as series."""


@cache
def attribute(name: str) -> ColumnElement[Any]:  # Any: the column's type is in the name
    """Return the SQL expression of a name of `FIELDS`, in a query that joins both tables."""
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
    # The column's own type would read a list inside the JSON as a whole configuration.
    return type_coerce(value, JSON())


def is_nullable(name: str) -> bool:
    """Return whether rows may have no value (NULL) under this name."""
    if name in LEAVES:
        return True  # networks of another kind do not have the leaf
    return bool((_TRIAL[name] if name in _TRIAL else _CONFIGURATION[name]).nullable)


def read_names(
    parameter: str, text: str, allowed: Mapping[str, object] | Sequence[str]
) -> tuple[str, ...]:
    """Return the names in a comma-separated list, without repetitions, in their order.

    Raises:
        UnknownNameError: A name is not allowed, or the list is empty.
    """
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for name in names:
        if name not in allowed:
            raise UnknownNameError(parameter, name or "nothing", tuple(allowed))
    return names


def json_scalar(value: object) -> Scalar:
    """Return a column's value as a JSON scalar: UUIDs, enums and times become text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)
