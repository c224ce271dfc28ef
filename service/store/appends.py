"""Bulk inserts of rows whose keys are known to be new."""

from collections.abc import Mapping, Sequence
from typing import cast

import psycopg
from sqlalchemy import Column, Connection, Dialect, Table
from sqlalchemy.exc import DBAPIError, StatementError

from service.store.column_types import FiniteFloat
from service.store.database import WriteSession
from service.store.models import Base


def append(
    session: WriteSession, table: type[Base], values: Mapping[str, Sequence[object]]
) -> None:
    """Insert many rows, given by column.

    SQLAlchemy's bulk insert takes several times as long as either database does. So the values go
    to the database's driver directly: to ``executemany`` on SQLite, to ``COPY`` on PostgreSQL.

    Args:
        session: The transaction.
        table: Where to insert.
        values: One value per row for each column; a missing column takes the database's default.

    Raises:
        StatementError: A number is not finite, or the database refuses a row, for example because
            its key is taken.
    """
    connection = session.connection()
    # A cast because the attribute is typed for mapped subqueries as well.
    columns = cast(Table, table.__table__).columns
    names = ", ".join(values)
    is_sqlite = connection.dialect.name == "sqlite"
    placeholders = ", ".join("?" * len(values))
    statement = (
        f"INSERT INTO {table.__tablename__} ({names}) VALUES ({placeholders})"
        if is_sqlite
        else f"COPY {table.__tablename__} ({names}) FROM STDIN (FORMAT BINARY)"
    )
    try:
        bound = [
            _driver_values(columns[name], of, connection.dialect) for name, of in values.items()
        ]
    except ValueError as error:
        raise StatementError(str(error), statement, None, error) from error
    rows = [*zip(*bound, strict=True)]
    if not rows:
        return
    if is_sqlite:
        connection.exec_driver_sql(statement, rows)
    else:
        # A binary COPY does no conversion, so psycopg needs the name of each column's type.
        types = [columns[name].type.compile(connection.dialect).lower() for name in values]
        _copy(connection, statement, types, rows)


def _driver_values(
    column: Column[object], values: Sequence[object], dialect: Dialect
) -> Sequence[object]:
    """Return a column's values as the database's driver takes them."""
    # The driver takes floats as they are; one check of the whole column replaces a call for each.
    if isinstance(column.type, FiniteFloat):
        FiniteFloat.check(cast(Sequence[float | None], values))
        return values
    processor = column.type.dialect_impl(dialect).bind_processor(dialect)
    return values if processor is None else [processor(value) for value in values]


def _copy(
    connection: Connection, statement: str, types: Sequence[str], rows: Sequence[tuple[object, ...]]
) -> None:
    raw = cast(psycopg.Connection, connection.connection.driver_connection)
    try:
        with raw.cursor() as cursor, cursor.copy(statement.encode()) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # SQLAlchemy does not see this call. Callers catch its exceptions, so the driver's exception
        # is converted here as SQLAlchemy would.
        raise DBAPIError.instance(
            statement, None, error, psycopg.Error, dialect=connection.dialect
        ) from error
