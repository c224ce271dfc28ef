"""A document as plain values: what both readers return, and the limits both keep."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.spec.errors import SpecError, SpecIssue, shown
from service.spec.paths import render

#: A value of JSON: None, bool, int, float, str, list or dict with text keys.
Value = object

MAX_NODES = 50_000
MAX_DEPTH = 32


@dataclass(frozen=True, slots=True)
class Document:
    """What was read.

    Attributes:
        value: The whole document.
        issues: What the reader could pass over: repeated keys, keys that are no text.
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


def broken_text(value: Value) -> list[SpecIssue]:
    """Return an issue for each text that is no Unicode, such as half of a surrogate pair.

    Raises:
        SpecError: A key is no Unicode; or the document is too large or too deep.
    """
    issues = []
    for loc, here in walk(value):
        if loc and isinstance(loc[-1], str) and not _is_unicode(loc[-1]):
            raise refuse(f"a key is no valid Unicode: {shown(loc[-1])}")
        if isinstance(here, str) and not _is_unicode(here):
            issues.append(SpecIssue(render(loc), shown(here), "must be valid Unicode"))
    return issues


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
