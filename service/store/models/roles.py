"""Roles of columns, from which other modules derive which columns to use.

Roles decide which columns filters and groups may name, which ones two runs of a sweep must agree
on, which ones a retry resets and which ones an export contains.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, cast

from sqlalchemy import Column, Table
from sqlalchemy.orm import MappedColumn, mapped_column

from service.store.models.base import Base

_ROLE: Final = "role"


class Role(StrEnum):
    """Purpose of a column of `configurations` or `trials`."""

    KEY = "key"  # an identity or a position
    WRITTEN = "written"  # an axis as the spec wrote it
    RESOLVED = "resolved"  # what planning made of the axes
    RESULT = "result"  # measured by a run; a retry resets it
    RUN = "run"  # where and when a run was; a retry resets it, and no two runs agree on it
    COPY = "copy"  # a value of the configuration, repeated for a constraint of the trials
    STATE = "state"  # moved by the rules of `service.lifecycle`


# Any, here and below: as SQLAlchemy annotates the arguments of `mapped_column`.
def key(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that identifies or orders rows."""
    return mapped_column(*args, info={_ROLE: Role.KEY}, **options)


def written(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that holds an axis as the spec wrote it."""
    return mapped_column(*args, info={_ROLE: Role.WRITTEN}, **options)


def resolved(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that holds a value which planning resolved."""
    return mapped_column(*args, info={_ROLE: Role.RESOLVED}, **options)


def copy(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that repeats a value of the configuration, for a constraint."""
    return mapped_column(*args, info={_ROLE: Role.COPY}, **options)


def result(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that holds a measured result; null, or its default, before the run."""
    return mapped_column(*args, info={_ROLE: Role.RESULT}, **options)


def run(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column of where and when a run was; it is null, or has its default, before."""
    return mapped_column(*args, info={_ROLE: Role.RUN}, **options)


def state(*args: Any, **options: Any) -> MappedColumn[Any]:
    """Return a column that changes by the rules of `service.lifecycle` alone."""
    return mapped_column(*args, info={_ROLE: Role.STATE}, **options)


def columns_of(model: type[Base], *roles: Role) -> Mapping[str, Column[Any]]:
    """Return the columns of a table that have one of the roles, by name.

    Args:
        model: The table.
        *roles: Roles to select; none of them selects every column.

    Raises:
        KeyError: A column has no role, because it was declared by `mapped_column` itself.
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
