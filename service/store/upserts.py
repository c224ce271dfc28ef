"""Inserts that leave rows alone which are there already."""

from collections.abc import Sequence

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from service.store.database import WriteSession
from service.store.models import Base


def insert_or_skip(
    session: WriteSession, table: type[Base], key: Sequence[InstrumentedAttribute[object]]
) -> Insert:
    """Return an insert that skips rows whose key is taken.

    Args:
        session: Decides the dialect.
        table: Where to insert.
        key: The columns of one unique constraint; a clash with another one still raises.

    Returns:
        The statement; with ``returning`` it gives the rows that were new.
    """
    names = [column.key for column in key]
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing(index_elements=names)
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=names)
