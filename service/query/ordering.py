"""Orders of trial lists, and where a page begins in them.

A list is sorted by one column, empty values last in either direction, and then by sweep and
number, which no two trials share: so every trial is on exactly one page.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from service.query.columns import FILTERABLE, attribute, plain
from service.query.conditions import bound
from service.query.errors import PageTokenError, UnknownNameError
from service.query.expressions import Column, ColumnType, Literal
from service.query.page_tokens import Key
from service.store.models import Trial

_TIE = (Trial.sweep_id, Trial.number)


@dataclass(frozen=True, slots=True)
class Order:
    """One order of trials.

    Attributes:
        name: Column sorted by; None for planning order alone.
        descending: Whether larger values come first.
    """

    name: str | None = None
    descending: bool = False

    # Any: the type of the column is only known by its name.
    @property
    def columns(self) -> Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]:
        """The columns of the sort key."""
        return _TIE if self.name is None else (attribute(self.name), *_TIE)

    @property
    def key_length(self) -> int:
        """How many values a sort key has."""
        return len(self.columns)

    @property
    def clauses(self) -> Sequence[ColumnElement[Any]]:
        """What to order a statement by."""
        tie = tuple(column.asc() for column in _TIE)
        if self.name is None:
            return tie
        column = attribute(self.name)
        # Sorted on emptiness first: databases differ in where they put NULL by themselves.
        return (column.is_(None), column.desc() if self.descending else column.asc(), *tie)

    def key(self, values: Row[Any] | Sequence[Any]) -> Key:
        """Return the sort key of a row's `columns` as JSON has it."""
        return [plain(value) for value in values]

    def after(self, key: Key, token: str) -> ColumnElement[bool]:
        """Return the condition that holds for the rows behind a key.

        Args:
            key: Of the last row of the page before.
            token: The token it was read from, for the error.

        Raises:
            PageTokenError: The key has values that no row can have.
        """
        sweep_id, number = _read_tie(key[-2], key[-1], token)
        behind: ColumnElement[bool] = tuple_(*_TIE) > tuple_(sweep_id, number)
        if self.name is None:
            return behind
        column = attribute(self.name)
        value = self._read_value(key[0], token)
        if value is None:
            return and_(column.is_(None), behind)
        further = column < value if self.descending else column > value
        return or_(further, and_(column == value, behind), column.is_(None))

    def _read_value(self, value: object, token: str) -> ColumnElement[Any] | None:
        assert self.name is not None
        column = FILTERABLE[self.name]
        if value is None:
            return None
        if not _is_possible(value, column):
            raise PageTokenError(token)
        return bound(column.name, value)


def _is_possible(value: object, column: Column) -> TypeGuard[Literal]:
    """Return whether a token's value is one that the column may hold."""
    match column.type, value:
        case ColumnType.BOOLEAN, bool():
            return True
        case _, bool():
            return False
        case ColumnType.INTEGER | ColumnType.NUMBER, int():
            return abs(value) < 2**63
        case ColumnType.NUMBER, float():
            return math.isfinite(value)
        case ColumnType.ENUM, str():
            return value in column.values
        case ColumnType.TEXT, str():
            # No text column holds what PostgreSQL or UTF-8 cannot.
            return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    return False


def read_order(text: str | None) -> Order:
    """Return the order that a text names.

    Raises:
        UnknownNameError: There is no such column.
    """
    if text is None:
        return Order()
    name = text.removeprefix("-")
    if name not in FILTERABLE:
        raise UnknownNameError("order_by", text, tuple(FILTERABLE))
    return Order(name, descending=text.startswith("-"))


def _read_tie(sweep_id: object, number: object, token: str) -> tuple[UUID, int]:
    if type(number) is not int or not 0 <= number < 2**31:
        raise PageTokenError(token)
    try:
        return UUID(str(sweep_id)), number
    except ValueError as error:
        raise PageTokenError(token) from error
