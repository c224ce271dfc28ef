"""The columns of trials that queries may name: a whitelist, derived from the table's types."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Enum, Integer, String
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import Double, TypeDecorator, TypeEngine

from service.query.errors import UnknownNameError
from service.query.filters import Column, ColumnType
from service.schemas.comparisons import Scalar
from service.store.models import Trial


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


def _columns() -> Mapping[str, Column]:
    found = {}
    for column in Trial.__table__.columns:
        kind = _column_type(column.type)
        if kind is not None:
            values = tuple(column.type.enums) if isinstance(column.type, Enum) else ()
            found[column.name] = Column(column.name, kind, values)
    return MappingProxyType(found)


FILTERABLE: Mapping[str, Column] = _columns()
"""What filters and orders may name: every column but ids, times and the schedule's details."""

_RESULTS = frozenset(
    {"number", "state", "attempt", "epochs_done", "seconds", "host", "device", "versions"}
    | {"message", "diverged_epoch", "diverged_step", "z_init"}
    | {"predicted_drift", "predicted_spread"}
    | {name for name in FILTERABLE if name.startswith(("final_", "best_"))}
)
GROUPABLE: Mapping[str, Column] = MappingProxyType(
    {name: column for name, column in FILTERABLE.items() if name not in _RESULTS}
)
"""What groups may be made by: every axis, as written and as resolved, and the outcome."""

FIELDS: Sequence[str] = tuple(column.name for column in Trial.__table__.columns)
"""What a list of trials may be asked for."""


def attribute(name: str) -> InstrumentedAttribute[Any]:  # Any: the column's type is in the name
    """Return the mapped column of this name, which is one of `FIELDS`."""
    found: InstrumentedAttribute[Any] = getattr(Trial, name)
    return found


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
