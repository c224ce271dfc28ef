"""A page of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Cursor = TypeVar("Cursor")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item, Cursor]):
    """Some items of a list and where the next page begins.

    Attributes:
        items: In the list's order; may be empty.
        next_cursor: What to pass as ``after`` for the next page; None after the last.
    """

    items: Sequence[Item]
    next_cursor: Cursor | None
