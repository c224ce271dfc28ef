"""Filter expressions as values: typed columns, tests on them and how tests are joined.

A comparison with a missing value (null) is false, except ``!=``, which is true: so ``not x``
holds for exactly the rows for which ``x`` does not, as people expect and SQL does not.
"""

from dataclasses import dataclass
from enum import StrEnum

Literal = float | int | str | bool


class ColumnType(StrEnum):
    """What a column holds."""

    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    ENUM = "enum"
    BOOLEAN = "boolean"


@dataclass(frozen=True, slots=True)
class Column:
    """A column that filters may name.

    Attributes:
        name: As in expressions.
        type: What it holds.
        values: What an enum may be; empty for other types.
    """

    name: str
    type: ColumnType
    values: tuple[str, ...] = ()


class Operator(StrEnum):
    """How a column is compared with a value."""

    EQ = "="
    NE = "!="
    LT = "<"
    LE = "<="
    GT = ">"
    GE = ">="


@dataclass(frozen=True, slots=True)
class ColumnComparison:
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


Expression = ColumnComparison | Membership | IsNull | Not | And | Or
