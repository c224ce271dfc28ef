"""Filter expressions in plain Python: the rows they select, and texts that write them."""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.query.expressions import (
    And,
    ColumnComparison,
    Expression,
    IsNull,
    Literal,
    Membership,
    Not,
    Operator,
    Or,
)

# Any: filters compare numbers with numbers only.
_ORDERED: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


@dataclass(frozen=True, slots=True)
class Style:
    """Spelling of an expression: choices that do not change its meaning.

    Attributes:
        capitals: Keywords in capitals.
        quote: What strings stand in.
        equality: ``=`` or ``==``.
        blank: What stands between words.
        negated_tests: ``x is not null`` and ``x not in (1)`` instead of ``not`` before the test.
    """

    capitals: bool = False
    quote: str = '"'
    equality: str = "="
    blank: str = " "
    negated_tests: bool = False


PLAIN = Style()


def matches(expression: Expression, row: Mapping[str, Literal | None]) -> bool:
    """Return whether a row is among those an expression selects."""
    match expression:
        case And(left, right):
            return matches(left, row) and matches(right, row)
        case Or(left, right):
            return matches(left, row) or matches(right, row)
        case Not(operand):
            return not matches(operand, row)
        case IsNull(column):
            return row[column] is None
        case Membership(column, values):
            return row[column] in values
        case ColumnComparison(column, op, value):
            return _compare(row[column], op, value)


def _compare(given: Literal | None, op: Operator, value: Literal) -> bool:
    if op is Operator.EQ:
        return given == value
    if op is Operator.NE:
        return given != value
    return given is not None and bool(_ORDERED[op](given, value))


def render(expression: Expression, style: Style = PLAIN) -> str:
    """Return a text that reads back as the expression."""
    return style.blank.join(_words(expression, style))


def _words(expression: Expression, style: Style) -> list[str]:
    match expression:
        case And(left, right):
            return _joined(left, "and", right, style)
        case Or(left, right):
            return _joined(left, "or", right, style)
        case Not(IsNull(column)) if style.negated_tests:
            return [column, *_keywords(style, "is", "not", "null")]
        case Not(Membership(column, values)) if style.negated_tests:
            return [column, *_keywords(style, "not", "in"), _listed(values, style)]
        case Not(operand):
            return [*_keywords(style, "not"), *_words(operand, style)]
        case IsNull(column):
            return [column, *_keywords(style, "is", "null")]
        case Membership(column, values):
            return [column, *_keywords(style, "in"), _listed(values, style)]
        case ColumnComparison(column, op, value):
            written = style.equality if op is Operator.EQ else op.value
            return [column, written, _literal(value, style)]


def _joined(left: Expression, keyword: str, right: Expression, style: Style) -> list[str]:
    joint = _keywords(style, keyword)
    return ["(", *_words(left, style), *joint, *_words(right, style), ")"]


def _keywords(style: Style, *words: str) -> list[str]:
    return [word.upper() if style.capitals else word for word in words]


def _listed(values: tuple[Literal, ...], style: Style) -> str:
    return "(" + ",".join(_literal(value, style) for value in values) + ")"


def _literal(value: Literal, style: Style) -> str:
    if isinstance(value, bool):
        return _keywords(style, "true" if value else "false")[0]
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace(style.quote, "\\" + style.quote)
        return style.quote + escaped + style.quote
    return repr(value)
