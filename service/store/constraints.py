"""CHECK constraints that mean the same on SQLite and PostgreSQL."""

from enum import StrEnum

from sqlalchemy import CheckConstraint

# The bound of finite numbers; a literal for infinity would differ between the two databases.
LARGEST_DOUBLE = "1.7976931348623157e308"


def finite(*columns: str) -> list[CheckConstraint]:
    """Return CHECKs that refuse infinities and, on PostgreSQL, NaN.

    PostgreSQL orders NaN above every number, so the comparison fails. SQLite stores NaN as NULL,
    which only NOT NULL can refuse; in nullable columns `FiniteFloat` refuses it.
    """
    return [
        CheckConstraint(f"abs({column}) <= {LARGEST_DOUBLE}", name=f"{column}_finite")
        for column in columns
    ]


def one_of(column: str, kind: type[StrEnum]) -> CheckConstraint:
    """Return a CHECK that a text column holds a value of an enum, or NULL."""
    values = ", ".join(f"'{member.value}'" for member in kind)
    return CheckConstraint(f"{column} IN ({values})", name=column)


def at_least(column: str, bound: int) -> CheckConstraint:
    """Return a CHECK that a column is at least a bound."""
    return CheckConstraint(f"{column} >= {bound}", name=f"{column}_range")


def fraction(column: str) -> CheckConstraint:
    """Return a CHECK that a column lies between 0 and 1, both included."""
    return CheckConstraint(f"{column} BETWEEN 0 AND 1", name=f"{column}_range")


def rule(name: str, condition: str) -> CheckConstraint:
    """Return a named CHECK of an SQL condition, usually between several columns."""
    return CheckConstraint(condition, name=name)
