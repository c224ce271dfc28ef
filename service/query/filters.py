"""Reads filter expressions by recursive descent over a whitelist of typed columns.

Grammar, loosest first; keywords in any case::

    or      = and {"or" and}
    and     = not {"and" not}
    not     = "not" not | "(" or ")" | test
    test    = column operator literal
            | column "is" ["not"] "null"
            | column ["not"] "in" "(" literal {"," literal} ")"
    literal = number | "string" | 'string' | true | false
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from service.query.errors import FilterError
from service.query.expressions import (
    And,
    Comparison,
    Expression,
    IsNull,
    Literal,
    Membership,
    Not,
    Operator,
    Or,
)
from service.query.tokens import Token, TokenKind, tokenize

MAX_LENGTH = 2000
MAX_NESTING = 32
# Every test becomes a term of the SQL statement, whose depth SQLite bounds at 1000.
MAX_LITERALS = 200
# Integers a double holds exactly; larger ones would overflow a database's integer.
MAX_INTEGER = 2**53


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


def parse_filter(text: str, columns: Mapping[str, Column]) -> Expression:
    """Return the expression that a text writes.

    Args:
        text: At most 2000 characters, 32 levels and 200 literals.
        columns: The columns it may name.

    Raises:
        FilterError: What is wrong first, at which position, and what is allowed there.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(text, MAX_LENGTH, f"a filter has at most {MAX_LENGTH} characters")
    return _Parser(text, columns).parse()


class _Parser:
    def __init__(self, text: str, columns: Mapping[str, Column]) -> None:
        self._text = text
        self._columns = columns
        self._tokens = tokenize(text)
        self._next = 0
        self._nesting = 0
        self._literals = 0

    def parse(self) -> Expression:
        expression = self._or()
        if self._peek().kind is not TokenKind.END:
            raise self._error(self._peek(), "expected 'and', 'or' or the end")
        return expression

    def _or(self) -> Expression:
        expression = self._and()
        while self._accept(TokenKind.KEYWORD, "or"):
            expression = Or(expression, self._and())
        return expression

    def _and(self) -> Expression:
        expression = self._not()
        while self._accept(TokenKind.KEYWORD, "and"):
            expression = And(expression, self._not())
        return expression

    def _not(self) -> Expression:
        self._nesting += 1
        if self._nesting > MAX_NESTING:
            raise self._error(self._peek(), f"at most {MAX_NESTING} levels of nesting")
        expression = self._not_or_test()
        self._nesting -= 1
        return expression

    def _not_or_test(self) -> Expression:
        if self._accept(TokenKind.KEYWORD, "not"):
            return Not(self._not())
        if self._accept(TokenKind.MARK, "("):
            expression = self._or()
            self._expect(TokenKind.MARK, ")")
            return expression
        return self._test()

    def _test(self) -> Expression:
        column = self._column()
        token = self._take()
        if token.kind is TokenKind.OPERATOR:
            return self._comparison(column, token)
        if (token.kind, token.text) == (TokenKind.KEYWORD, "is"):
            negated = self._accept(TokenKind.KEYWORD, "not")
            self._expect(TokenKind.KEYWORD, "null")
            return Not(IsNull(column.name)) if negated else IsNull(column.name)
        if (token.kind, token.text) == (TokenKind.KEYWORD, "not"):
            self._expect(TokenKind.KEYWORD, "in")
            return Not(self._membership(column))
        if (token.kind, token.text) == (TokenKind.KEYWORD, "in"):
            return self._membership(column)
        raise self._error(token, "expected = != < <= > >=, 'is null', 'is not null' or 'in (...)'")

    def _column(self) -> Column:
        token = self._take()
        if token.kind is not TokenKind.WORD:
            raise self._error(token, "expected a column, 'not' or '('")
        if token.text not in self._columns:
            allowed = ", ".join(sorted(self._columns))
            raise self._error(token, f"unknown column {token.text!r}; allowed are {allowed}")
        return self._columns[token.text]

    def _comparison(self, column: Column, token: Token) -> Comparison:
        operator = Operator("=" if token.text == "==" else token.text)
        ordered = column.type in (ColumnType.INTEGER, ColumnType.NUMBER)
        if not ordered and operator not in (Operator.EQ, Operator.NE):
            raise self._error(token, f"{column.name} is {_described(column)}: use = or !=")
        return Comparison(column.name, operator, self._literal(column))

    def _membership(self, column: Column) -> Membership:
        self._expect(TokenKind.MARK, "(")
        values = [self._literal(column)]
        while self._accept(TokenKind.MARK, ","):
            values.append(self._literal(column))
        self._expect(TokenKind.MARK, ")")
        return Membership(column.name, tuple(values))

    def _literal(self, column: Column) -> Literal:
        self._literals += 1
        token = self._take()
        if self._literals > MAX_LITERALS:
            raise self._error(token, f"at most {MAX_LITERALS} values")
        value = _read_literal(token, column)
        if value is None:
            raise self._error(token, f"{column.name} is {_described(column)}")
        return value

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _take(self) -> Token:
        token = self._peek()
        if token.kind is not TokenKind.END:
            self._next += 1
        return token

    def _accept(self, kind: TokenKind, text: str) -> bool:
        if (self._peek().kind, self._peek().text) != (kind, text):
            return False
        self._next += 1
        return True

    def _expect(self, kind: TokenKind, text: str) -> None:
        if not self._accept(kind, text):
            raise self._error(self._peek(), f"expected '{text}'")

    def _error(self, token: Token, message: str) -> FilterError:
        return FilterError(self._text, token.position, message)


def _read_literal(token: Token, column: Column) -> Literal | None:
    """Return a token's value, or None if it is none of the column's."""
    match column.type, token.kind:
        case ColumnType.INTEGER | ColumnType.NUMBER, TokenKind.NUMBER:
            return _read_number(token.text)
        case ColumnType.TEXT, TokenKind.STRING:
            return token.text
        case ColumnType.ENUM, TokenKind.STRING if token.text in column.values:
            return token.text
        case ColumnType.BOOLEAN, TokenKind.KEYWORD if token.text in ("true", "false"):
            return token.text == "true"
    return None


def _read_number(text: str) -> float | int | None:
    if text.lstrip("+-").isdecimal():
        # The length bound keeps int() linear on a long run of digits.
        value = int(text) if len(text) <= 20 else MAX_INTEGER + 1
        return value if abs(value) <= MAX_INTEGER else None
    number = float(text)
    return number if math.isfinite(number) else None


def _described(column: Column) -> str:
    match column.type:
        case ColumnType.ENUM:
            return "one of " + ", ".join(f'"{value}"' for value in column.values)
        case ColumnType.INTEGER | ColumnType.NUMBER:
            return "a finite number (at most 2^53 if whole)"
        case ColumnType.TEXT:
            return 'a string in quotes, as in "text"'
        case ColumnType.BOOLEAN:
            return "true or false"
