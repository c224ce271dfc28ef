"""Parse filter expressions over a whitelist of typed columns, with errors at their position."""

import math
from collections.abc import Mapping

from lark import Token, UnexpectedCharacters, UnexpectedInput

from service.query.errors import FilterError
from service.query.expressions import Column, ColumnType, Expression, Literal
from service.query.filter_grammar import filter_parser, literal_value

MAX_LENGTH = 2000
MAX_NESTING = 32
# Each literal becomes a term of the SQL statement; SQLite allows expressions of depth 1000.
MAX_LITERALS = 200
# Up to here a double holds each integer exactly, and no integer of a database overflows.
MAX_INTEGER = 2**53

_ORDERED = (ColumnType.INTEGER, ColumnType.NUMBER)
# How messages name the grammar's terminals.
_TERMINAL_NAMES = {
    "COLUMN": "a column",
    "AND": "'and'",
    "OR": "'or'",
    "NOT": "'not'",
    "IN": "'in'",
    "NULL": "'null'",
    "LPAR": "'('",
    "COMMA": "','",
    "RPAR": "')'",
    "$END": "the end",
}


def parse_filter(text: str, columns: Mapping[str, Column]) -> Expression:
    """Return the syntax tree of a filter expression.

    Args:
        text: Expression of at most 2000 characters, 32 levels of nesting and 200 literals.
        columns: Columns that the expression may name, by name.

    Raises:
        FilterError: The expression is invalid; the error has the first wrong position and what is
            allowed there.
    """
    if len(text) > MAX_LENGTH:
        raise FilterError(text, MAX_LENGTH, f"a filter has at most {MAX_LENGTH} characters")
    return _Reader(text, columns).read()


class _Reader:
    """Checks each token before the parser takes it, so that the first error is the one reported."""

    # The column read last; the next operator and literals are checked against its type.
    _column: Column

    def __init__(self, text: str, columns: Mapping[str, Column]) -> None:
        self._text = text
        self._columns = columns
        self._parser = filter_parser().parse_interactive(text)
        self._n_literals = 0

    def read(self) -> Expression:
        try:
            for token in self._parser.iter_parse():
                self._check(token)
            end = Token("$END", "", start_pos=len(self._text))
            expression: Expression = self._parser.feed_token(end)
        except UnexpectedInput as error:
            position = error.pos_in_stream or 0
            unclosed = isinstance(error, UnexpectedCharacters) and error.char in "\"'"
            message = "this string has no closing quote" if unclosed else self._expected(position)
            raise self._error(position, message) from None
        return expression

    def _check(self, token: Token) -> None:
        """Raise a `FilterError` if a token exceeds a limit or does not fit the column."""
        if self._accepts("COLUMN"):
            self._check_operand(token)
        elif self._accepts("OPERATOR"):
            self._check_operator(token)
        elif self._accepts("NUMBER"):
            self._check_literal(token)

    def _check_operand(self, token: Token) -> None:
        stack = self._parser.parser_state.value_stack
        opened = [t for t in stack if isinstance(t, Token) and t.type in ("NOT", "LPAR")]
        if len(opened) >= MAX_NESTING:
            raise self._error(token.start_pos, f"at most {MAX_NESTING} levels of nesting")
        if token.type != "COLUMN":
            return
        if token not in self._columns:
            allowed = ", ".join(sorted(self._columns))
            message = f"unknown column {str(token)!r}; allowed are {allowed}"
            raise self._error(token.start_pos, message)
        self._column = self._columns[token]

    def _check_operator(self, token: Token) -> None:
        ordered = self._column.type in _ORDERED
        if token.type == "OPERATOR" and not ordered and token not in ("=", "==", "!="):
            raise self._error(token.start_pos, f"{_allowed_values(self._column)}: use = or !=")

    def _check_literal(self, token: Token) -> None:
        self._n_literals += 1
        if self._n_literals > MAX_LITERALS:
            raise self._error(token.start_pos, f"at most {MAX_LITERALS} values")
        if token.type == "STRING" and not str(literal_value(token)).isprintable():
            raise self._error(token.start_pos, "strings hold printable characters only")
        if self._accepts(token.type) and not _is_allowed(self._column, literal_value(token)):
            raise self._error(token.start_pos, _allowed_values(self._column))

    def _accepts(self, kind: str) -> bool:
        return kind in self._parser.choices()  # type: ignore[no-untyped-call]

    def _expected(self, position: int) -> str:
        """Return a message that lists what is allowed at a position."""
        # A new parser, because the one that failed may have reduced a rule on the wrong token, and
        # then accepts less than the text before the position allows.
        parser = filter_parser().parse_interactive(self._text[:position])
        parser.exhaust_lexer()
        accepted = parser.accepts()  # type: ignore[no-untyped-call]
        if "NUMBER" in accepted:
            return _allowed_values(self._column)
        if "OPERATOR" in accepted:
            return "expected = != < <= > >=, 'is null', 'is not null', 'in (...)' or 'not in (...)'"
        *others, last = [words for name, words in _TERMINAL_NAMES.items() if name in accepted]
        return f"expected {', '.join(others)} or {last}" if others else f"expected {last}"

    def _error(self, position: int | None, message: str) -> FilterError:
        return FilterError(self._text, position or 0, message)


def _is_allowed(column: Column, value: Literal) -> bool:
    if isinstance(value, bool):
        return column.type is ColumnType.BOOLEAN
    if isinstance(value, str):
        return column.type is ColumnType.TEXT or value in column.values
    # 1e999 parses as infinity.
    bounded = abs(value) <= MAX_INTEGER if isinstance(value, int) else math.isfinite(value)
    return bounded and column.type in _ORDERED


def _allowed_values(column: Column) -> str:
    match column.type:
        case ColumnType.ENUM:
            return f"{column.name} is one of " + ", ".join(f'"{value}"' for value in column.values)
        case ColumnType.INTEGER | ColumnType.NUMBER:
            return f"{column.name} is a finite number (at most 2^53 if whole)"
        case ColumnType.TEXT:
            return f'{column.name} is a string in quotes, as in "text"'
        case ColumnType.BOOLEAN:
            return f"{column.name} is true or false"
