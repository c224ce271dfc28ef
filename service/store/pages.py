"""A page of a list of rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
Cursor = TypeVar("Cursor")


@dataclass(frozen=True, slots=True)
class Page(Generic[Item, Cursor]):
    """Consecutive items of a list, and the cursor of the next page.

    Attributes:
        items: Items in the list's order; may be empty.
        next_cursor: Value to pass as ``after`` for the next page; None after the last page.
    """

    items: Sequence[Item]
    next_cursor: Cursor | None
