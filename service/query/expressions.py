"""Syntax tree of filter expressions: comparisons of typed columns, joined by and, or, not.

A comparison with a missing value (null) is false, except ``!=``, which is true. So ``not x``
selects exactly the rows that ``x`` leaves out, which SQL's three-valued logic does not.
"""

from dataclasses import dataclass
from enum import StrEnum

Literal = float | int | str | bool


class ColumnType(StrEnum):
    """Types of the values in a column."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    ENUM = "enum"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that filters may name.

    Attributes:
        name: Name in expressions.
        type: Type of the values.
        values: Allowed values of an enum; empty for other types.
    """

    name: str
    type: ColumnType
    values: tuple[str, ...] = ()


class Operator(StrEnum):
    """Comparison operators, as they are written."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class ColumnComparison:
    """A comparison of a column with one value."""

    column: str
    operator: Operator
    value: Literal


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether a column equals one of the values, of which there is at least one."""

    column: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """Whether a column is empty."""

    column: str


@dataclass(frozen=True, slots=True)
class Not:
    """True for the rows for which the operand is false."""

    operand: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """True for the rows for which both sides are true."""

    left: "Expression"
    right: "Expression"


@dataclass(frozen=True, slots=True)
class Or:
    """True for the rows for which at least one side is true."""

    left: "Expression"
    right: "Expression"


Expression = ColumnComparison | Membership | IsNull | Not | And | Or
