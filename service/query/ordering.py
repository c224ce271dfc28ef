"""Sort lists of trials, and select the rows after the last one of a page.

A list is sorted by one column, with empty values last in both directions, and then by sweep and
number. No two trials share sweep and number, so each trial is on exactly one page.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, or_, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from service.query.columns import FILTERABLE, attribute, json_scalar
from service.query.conditions import bound
from service.query.errors import PageTokenError, UnknownNameError
from service.query.expressions import Column, ColumnType, Literal
from service.query.page_tokens import Key
from service.store.models import Trial

_TIE_BREAKERS = (Trial.sweep_id, Trial.number)


@dataclass(frozen=True, slots=True)
class Order:
    """A sort order of trials.

    Attributes:
        name: Column to sort by; None for planning order.
        descending: Whether larger values come first.
    """

    name: str | None = None
    descending: bool = False

    # Any: the type of the column is only known by its name.
    @property
    def columns(self) -> Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]]:
        """The columns of the sort key."""
        return _TIE_BREAKERS if self.name is None else (attribute(self.name), *_TIE_BREAKERS)

    @property
    def key_length(self) -> int:
        """Number of values in a sort key."""
        return len(self.columns)

    @property
    def clauses(self) -> Sequence[ColumnElement[Any]]:
        """The expressions of a statement's ORDER BY."""
        tie = tuple(column.asc() for column in _TIE_BREAKERS)
        if self.name is None:
            return tie
        column = attribute(self.name)
        # NULLs are sorted explicitly, because databases differ in where they put them.
        return (column.is_(None), column.desc() if self.descending else column.asc(), *tie)

    def key(self, values: Row[Any] | Sequence[Any]) -> Key:
        """Return the sort key of a row as JSON scalars, given the values of `columns`."""
        return [json_scalar(value) for value in values]

    def after(self, key: Key, token: str) -> ColumnElement[bool]:
        """Return the condition of the rows that come after a key.

        Args:
            key: Sort key of the last row of the previous page.
            token: Page token that the key was read from, for the error.

        Raises:
            PageTokenError: The key has values that no row can have.
        """
        sweep_id, number = _read_tie_breakers(key[-2], key[-1], token)
        after_tie: ColumnElement[bool] = tuple_(*_TIE_BREAKERS) > tuple_(sweep_id, number)
        if self.name is None:
            return after_tie
        column = attribute(self.name)
        value = self._sort_value(key[0], token)
        if value is None:
            return and_(column.is_(None), after_tie)
        beyond = column < value if self.descending else column > value
        return or_(beyond, and_(column == value, after_tie), column.is_(None))

    def _sort_value(self, value: object, token: str) -> ColumnElement[Any] | None:
        assert self.name is not None
        column = FILTERABLE[self.name]
        if value is None:
            return None
        if not _is_possible(value, column):
            raise PageTokenError(token)
        return bound(column.name, value)


def _is_possible(value: object, column: Column) -> TypeGuard[Literal]:
    """Return whether a column can hold a value, which a client may have forged."""
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
            # PostgreSQL refuses the null character, UTF-8 lone surrogates.
            return "\0" not in value and not any("\ud800" <= c <= "\udfff" for c in value)
    return False


def read_order(text: str | None) -> Order:
    """Return the order of a query's text: a column's name, ``-`` before it for descending.

    Raises:
        UnknownNameError: There is no such column, or it has no order.
    """
    if text is None:
        return Order()
    name = text.removeprefix("-")
    if name not in FILTERABLE:
        raise UnknownNameError("order_by", text, tuple(FILTERABLE))
    return Order(name, descending=text.startswith("-"))


def _read_tie_breakers(sweep_id: object, number: object, token: str) -> tuple[UUID, int]:
    if type(number) is not int or not 0 <= number < 2**31:
        raise PageTokenError(token)
    try:
        return UUID(str(sweep_id)), number
    except ValueError as error:
        raise PageTokenError(token) from error
