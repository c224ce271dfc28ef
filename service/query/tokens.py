"""Splits a filter expression into tokens."""

import re
from dataclasses import dataclass
from enum import StrEnum

from service.query.errors import FilterError

_PATTERN = re.compile(
    r"""
    (?P<number>[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<operator><=|>=|!=|==|=|<|>)
  | (?P<mark>[(),])
    """,
    re.VERBOSE | re.ASCII,
)
_KEYWORDS = frozenset({"and", "or", "not", "is", "in", "null", "true", "false"})


class TokenKind(StrEnum):
    """What a token is."""

    NUMBER = "number"
    STRING = "string"
    WORD = "word"
    KEYWORD = "keyword"
    OPERATOR = "operator"
    MARK = "mark"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter expression.

    Attributes:
        kind: What it is.
        text: As written; keywords in lower case, strings without quotes and escapes.
        position: Characters before it.
    """

    kind: TokenKind
    text: str
    position: int


def tokenize(text: str) -> list[Token]:
    """Return the tokens of an expression, closed by one of kind END.

    Raises:
        FilterError: A character that starts no token.
    """
    tokens, position = [], _skip_blank(text, 0)
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            raise FilterError(text, position, _complaint(text[position]))
        tokens.append(_token(text, match))
        position = _skip_blank(text, match.end())
    tokens.append(Token(TokenKind.END, "", len(text)))
    return tokens


def _skip_blank(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _complaint(character: str) -> str:
    if character in "\"'":
        return "this string has no closing quote"
    return (
        "expected a column, a number, a quoted string, an operator (= != < <= > >=) or a "
        "parenthesis"
    )


def _token(text: str, match: re.Match[str]) -> Token:
    written, start = match.group(), match.start()
    kind = TokenKind(str(match.lastgroup))
    if kind is TokenKind.STRING:
        content = re.sub(r"\\(.)", r"\1", written[1:-1])
        if not content.isprintable():
            raise FilterError(text, start, "strings hold printable characters only")
        return Token(kind, content, start)
    if kind is TokenKind.WORD and written.lower() in _KEYWORDS:
        return Token(TokenKind.KEYWORD, written.lower(), start)
    return Token(kind, written, start)
