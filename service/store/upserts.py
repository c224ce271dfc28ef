"""Inserts that leave existing rows unchanged."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Row, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from service.store.database import WriteSession
from service.store.models import Base

Key = Sequence[InstrumentedAttribute[Any]]  # Any: the columns of one key differ in type


def insert_new(
    session: WriteSession, table: type[Base], key: Key, values: Mapping[str, object]
) -> bool:
    """Insert one row unless its key is taken.

    Args:
        session: The transaction.
        table: Table to insert into.
        key: Columns of one unique constraint; a clash with another constraint still raises.
        values: Values by column; a missing column takes its default.

    Returns:
        Whether the row is new.
    """
    insert = _dialect(session).insert(table).on_conflict_do_nothing(index_elements=_names(key))
    return session.execute(insert.returning(*key), values).first() is not None


def insert_all_new(
    session: WriteSession, table: type[Base], key: Key, rows: Sequence[Mapping[str, object]]
) -> Sequence[Row[Any]]:
    """Insert many rows, except for those whose key is taken.

    Args:
        session: The transaction.
        table: Table to insert into.
        key: Columns of one unique constraint; a clash with another constraint still raises.
        rows: Values by column, with the same columns in each row; a missing column takes its
            default. Keys are distinct; may be empty.

    Returns:
        The keys of the inserted rows, in any order.
    """
    if not rows:
        return []
    insert = _dialect(session).insert(table).on_conflict_do_nothing(index_elements=_names(key))
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return connection.execute(insert.returning(*key), rows).all()
    # PostgreSQL gets one array for each column: psycopg takes several times as long to put
    # thousands of separate parameters into a statement.
    columns = [table.__table__.columns[name] for name in rows[0]]
    # With `dimensions` given, a value that is a tuple is not taken for a second dimension.
    arrays = [
        func.unnest(bindparam(column.key, type_=ARRAY(column.type, dimensions=1)))
        for column in columns
    ]
    return connection.execute(
        insert.from_select([column.key for column in columns], select(*arrays)).returning(*key),
        {column.key: [row[column.key] for row in rows] for column in columns},
    ).all()


def _dialect(session: WriteSession) -> Any:  # Any: two modules whose Inserts share no base
    return sqlite if session.get_bind().dialect.name == "sqlite" else postgresql


def _names(key: Key) -> list[str]:
    return [column.key for column in key]
