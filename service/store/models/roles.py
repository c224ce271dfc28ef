"""Roles of columns: each column says once what it is, and the rest of the house derives from it.

From roles follow what filters and groups may name, what two runs of a sweep must agree on, what a
retry resets and what an export holds.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import Column, Table
from sqlalchemy.orm import MappedColumn, mapped_column

from service.store.models.base import Base

_ROLE: Final = "role"


class Role(StrEnum):
    """What a column of `configurations` or `trials` is."""

    KEY = "key"  # an identity or a position
    WRITTEN = "written"  # an axis as the spec wrote it
    RESOLVED = "resolved"  # what planning made of the axes
    RESULT = "result"  # measured by a run; a retry resets it
    RUN = "run"  # where and when a run was; a retry resets it, and no two runs agree on it
    COPY = "copy"  # a value of the configuration, repeated for a constraint of the trials
    STATE = "state"  # moved by the rules of `service.lifecycle`


# Any, here and below: SQLAlchemy's own annotations of what a column may be given.
def key(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that identifies or orders rows."""
    return mapped_column(*args, info={_ROLE: Role.KEY}, **options)


def written(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column of an axis as the spec wrote it."""
    return mapped_column(*args, info={_ROLE: Role.WRITTEN}, **options)


def resolved(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column of what planning resolved."""
    return mapped_column(*args, info={_ROLE: Role.RESOLVED}, **options)


def copy(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that repeats a value of the configuration, for a constraint."""
    return mapped_column(*args, info={_ROLE: Role.COPY}, **options)


def result(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that a run measures; it is null, or has its default, before."""
    return mapped_column(*args, info={_ROLE: Role.RESULT}, **options)


def run(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column of where and when a run was; it is null, or has its default, before."""
    return mapped_column(*args, info={_ROLE: Role.RUN}, **options)


def state(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that only the rules of a lifecycle move."""
    return mapped_column(*args, info={_ROLE: Role.STATE}, **options)


def columns_of(model: type[Base], *roles: Role) -> Mapping[str, Column[Any]]:
    """Return the columns of a table that have one of some roles, by name; all for no role.

    Raises:
        KeyError: A column has no role: it was declared without one of the functions above.
    """
    # A cast because the attribute is typed for mapped subqueries as well.
    table = cast(Table, model.__table__)
    return {
        column.name: column for column in table.columns if not roles or column.info[_ROLE] in roles
    }


def role_of(column: Column[Any]) -> Role:
    """Return a column's role."""
    role: Role = column.info[_ROLE]
    return role
