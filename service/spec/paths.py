"""Paths in a spec as text: ``training.schedule[1].final_factor``.

A *coordinate path* names an axis and has no indices; the place of an issue may have them.
"""

import difflib
from collections.abc import Collection, Iterable


def render(loc: Iterable[int | str], prefix: str = "") -> str:
    """Return a location as text, below a prefix.

    Args:
        loc: Keys and list positions, outermost first. Keys in angle brackets are tags of the
            grammar's unions, which a reader of the spec never wrote; they are left out.
        prefix: Path of the place that ``loc`` starts from.
    """
    path = prefix
    for part in loc:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not is_tag(part):
            path = f"{path}.{part}" if path else part
    return path


def is_tag(part: int | str) -> bool:
    """Return whether a part of a location is a union's tag and no key of the document."""
    return isinstance(part, str) and part.startswith("<") and part.endswith(">")


def plain(loc: Iterable[int | str]) -> tuple[int | str, ...]:
    """Return a location without the tags of unions: the way through the document."""
    return tuple(part for part in loc if not is_tag(part))


def overlap(path: str, other: str) -> bool:
    """Return whether one path is the other, or lies inside it."""
    return _holds(path, other) or _holds(other, path)


def _holds(outer: str, inner: str) -> bool:
    return inner.startswith(outer) and inner[len(outer) : len(outer) + 1] in {"", ".", "["}


def nearest(given: str, allowed: Collection[str]) -> str | None:
    """Return the allowed key or name closest to a misspelt one; None if none is close."""
    # Cut, because matching takes time quadratic in the length, which a client chooses.
    near = difflib.get_close_matches(given[:100], allowed, n=1)
    return near[0] if near else None


def suggestion(given: str, allowed: Collection[str]) -> str:
    """Return ``; did you mean "x"?`` for a near miss, else nothing."""
    near = nearest(given, allowed)
    return f'; did you mean "{near}"?' if near else ""
