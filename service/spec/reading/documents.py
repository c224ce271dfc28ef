"""A document as plain values, as both readers return it, and the limits of its size."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.spec.errors import SpecError, SpecIssue, shown

#: A value of JSON: None, bool, int, float, str, list or dict with text keys.
Value = object

MAX_NODES = 50_000
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a document.

    Attributes:
        value: The whole document.
        issues: One for each repeated key, and one for each key that is not text.
    """

    value: Value
    issues: tuple[SpecIssue, ...]


def refuse(message: str) -> SpecError:
    """Return an error about the document as a whole."""
    return SpecError([SpecIssue("", "", message)])


def too_large() -> SpecError:
    """Return the error about a document of too many values."""
    return refuse(f"must hold at most {MAX_NODES} values, aliases counted each time")


def too_deep() -> SpecError:
    """Return the error about a document of too many levels."""
    return refuse(f"must be nested at most {MAX_DEPTH} levels deep")


def walk(value: Value) -> Iterator[tuple[tuple[int | str, ...], Value]]:
    """Yield every value of a document with its location, without recursion.

    Raises:
        SpecError: There are too many of them, or they are nested too deeply.
    """
    stack: list[tuple[tuple[int | str, ...], Value]] = [((), value)]
    nodes = 0
    while stack:
        loc, here = stack.pop()
        nodes += 1
        if nodes > MAX_NODES:
            raise too_large()
        if len(loc) > MAX_DEPTH:
            raise too_deep()
        yield loc, here
        if isinstance(here, dict):
            stack.extend(((*loc, key), inner) for key, inner in here.items())
        elif isinstance(here, list):
            stack.extend(((*loc, index), inner) for index, inner in enumerate(here))


def refuse_unusable(value: Value) -> None:
    """Raise an error for a document that cannot be validated at all.

    Raises:
        SpecError: A key is no Unicode, such as half of a surrogate pair, so that no path can
            name it; or the document is too large or too deep.
    """
    for loc, _ in walk(value):
        if loc and isinstance(loc[-1], str) and not _is_unicode(loc[-1]):
            raise refuse(f"a key is no valid Unicode: {shown(loc[-1])}")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
