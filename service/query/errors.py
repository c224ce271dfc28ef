"""Errors in the parameters of a query. Errors of specs and of the store have their own modules."""

from collections.abc import Sequence
from typing import ClassVar


class ServiceError(Exception):
    """Base of the errors that services and queries raise."""


class QueryError(ServiceError):
    """A parameter of a query is invalid.

    Attributes:
        code: Stable name of the error.
        parameter: Name of the parameter.
        given: The value given, shortened.
        message: What is allowed.
    """

    code: ClassVar[str] = "query_invalid"

    def __init__(self, parameter: str, given: str, message: str) -> None:
        super().__init__(parameter, given, message)
        self.parameter = parameter
        self.given = given
        self.message = message

    def __str__(self) -> str:
        return f"{self.parameter}: {self.message} (given {self.given})"


class FilterError(QueryError):
    """The filter expression is invalid."""

    code = "filter_invalid"

    def __init__(self, text: str, position: int, message: str) -> None:
        given = text[position : position + 40] or "the end"
        super().__init__("filter", given, f"at position {position}: {message}")
        self.args = (text, position, message)  # what __init__ takes, so that it unpickles
        self.text = text
        self.position = position


class UnknownNameError(QueryError):
    """A query names a column that does not exist or cannot be used here."""

    code = "unknown_name"

    def __init__(self, parameter: str, given: str, allowed: Sequence[str]) -> None:
        super().__init__(parameter, given, f"allowed are {', '.join(allowed)}")
        self.args = (parameter, given, tuple(allowed))
        self.allowed = tuple(allowed)


class PageTokenError(QueryError):
    """The page token does not belong to this query."""

    code = "page_token_invalid"

    def __init__(self, given: str) -> None:
        super().__init__("page_token", given[:40], "take it from next_page_token of this query")
        self.args = (given,)
