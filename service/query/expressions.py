"""Filter expressions as values, and what they mean without a database.

A comparison with a missing value (null) is false, except ``!=``, which is true: so ``not x``
holds for exactly the rows for which ``x`` does not, as people expect and SQL does not.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Literal = float | int | str | bool


class Operator(StrEnum):
    """How a column is compared with a value."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class Comparison:
    """A column against one value."""

    column: str
    operator: Operator
    value: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """A column against a list of values, of which there is at least one."""

    column: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a column is empty."""

    column: str


@dataclass(frozen=True, slots=True)
class Not:
    """The rows that the operand leaves out."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """The rows of both sides."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Or:
    """The rows of either side."""

    left: "Expression"
    right: "Expression"


Expression = Comparison | Membership | IsNull | Not | And | Or

# Any: the parser compares numbers with numbers only.
_ORDERED: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.LT: operator.lt,
    Operator.LE: operator.le,
    Operator.GT: operator.gt,
    Operator.GE: operator.ge,
}


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
        case Comparison(column, op, value):
            return _compare(row[column], op, value)


def _compare(given: Literal | None, op: Operator, value: Literal) -> bool:
    if op is Operator.EQ:
        return given == value
    if op is Operator.NE:
        return given != value
    return given is not None and bool(_ORDERED[op](given, value))


def render(expression: Expression) -> str:
    """Return an expression as text that reads back as the same expression."""
    match expression:
        case And(left, right):
            return f"({render(left)} and {render(right)})"
        case Or(left, right):
            return f"({render(left)} or {render(right)})"
        case Not(operand):
            return f"not {render(operand)}"
        case IsNull(column):
            return f"{column} is null"
        case Membership(column, values):
            return f"{column} in ({', '.join(map(render_literal, values))})"
        case Comparison(column, op, value):
            return f"{column} {op} {render_literal(value)}"


def render_literal(value: Literal) -> str:
    """Return a literal as text; strings in double quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return repr(value)
