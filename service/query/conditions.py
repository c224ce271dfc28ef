"""Translate filter expressions to SQL conditions; values are always bound parameters."""

import operator
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ColumnElement, Double, and_, false, literal, not_, or_

from service.query.columns import FILTERABLE, attribute, is_nullable
from service.query.expressions import (
    And,
    ColumnComparison,
    ColumnType,
    Expression,
    IsNull,
    Literal,
    Membership,
    Not,
    Operator,
    Or,
)
from service.query.filters import parse_filter
from service.store.models import Trial

# Any: the types of a column and of the values bound to it are only known at run time.
_OPERATORS: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.EQ: operator.eq,
    Operator.NE: operator.ne,
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


def trial_conditions(sweep_id: UUID | None, filter_text: str | None) -> list[ColumnElement[bool]]:
    """Return the SQL conditions of a sweep and a filter expression.

    Raises:
        FilterError: The filter expression is invalid.
    """
    where: list[ColumnElement[bool]] = []
    if sweep_id is not None:
        where.append(Trial.sweep_id == sweep_id)
    if filter_text is not None:
        where.append(condition(parse_filter(filter_text, FILTERABLE)))
    return where


def condition(expression: Expression) -> ColumnElement[bool]:
    """Return the SQL condition that holds for exactly the rows an expression selects.

    The condition is true or false for each row, never NULL: with a NULL a row would be missing
    from the results of both an expression and its negation.
    """
    match expression:
        case And(left, right):
            return and_(condition(left), condition(right))
        case Or(left, right):
            return or_(condition(left), condition(right))
        case Not(operand):
            return not_(condition(operand))
        case IsNull(column):
            return attribute(column).is_(None)
        case Membership(column, values):
            equal = [_compare(column, Operator.EQ, value) for value in values]
            return or_(false(), *equal)
        case ColumnComparison(column, op, value):
            return _compare(column, op, value)


def _compare(name: str, op: Operator, value: Literal) -> ColumnElement[bool]:
    column = attribute(name)
    compared: ColumnElement[bool] = _OPERATORS[op](column, bound(name, value))
    if not is_nullable(name):
        return compared
    if op is Operator.NE:
        return or_(column.is_(None), compared)
    return and_(column.is_not(None), compared)


def bound(name: str, value: Literal) -> ColumnElement[Any]:
    """Return a value as a bound parameter that can be compared with a column."""
    column_type = attribute(name).type
    match FILTERABLE[name].type:
        case ColumnType.INTEGER if isinstance(value, int):
            # Wider than the column, whose own type would overflow on a literal such as 2**40.
            return literal(value, BigInteger())
        case ColumnType.INTEGER | ColumnType.NUMBER:
            return literal(float(value), Double())
        case ColumnType.ENUM:
            return literal(column_type.python_type(value), column_type)
        case ColumnType.TEXT | ColumnType.BOOLEAN:
            return literal(value, column_type)
