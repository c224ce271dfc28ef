"""The database: its engines, and the two kinds of session."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from service.store import sqlite
from service.store.column_types import strict_json
from service.store.urls import SQLITE, parse_url


class ReadSession(Session):
    """A read-only transaction that sees one state of the database throughout."""


class WriteSession(Session):
    """One read-write transaction; the code that is handed it never commits."""


class Database:
    """A file of SQLite or a database of PostgreSQL, opened at the first use.

    Made once for each process, before its threads; after a fork each process needs its own.

    Args:
        url: ``sqlite:///PATH`` or ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``.

    Raises:
        DatabaseUrlError: Another form.
    """

    def __init__(self, url: str) -> None:
        parsed = parse_url(url)
        self._engines = _engines(parsed)
        read, write = self._engines
        self._read = sessionmaker(
            read, class_=ReadSession, expire_on_commit=False, execution_options=_FRESH
        )
        self._write = sessionmaker(
            write, class_=WriteSession, expire_on_commit=False, execution_options=_FRESH
        )

    @contextmanager
    def read(self) -> Iterator[ReadSession]:
        """Give a session for reading; the database itself refuses a write in it."""
        with self._read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[WriteSession]:
        """Give a session that commits when the block ends, and rolls back if it raises.

        On SQLite there is one writer at a time, and the wait for it is at the start.
        """
        with self._write.begin() as session:
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        for engine in self._engines:
            engine.dispose()


# Rows are what they were when they were read: a commit does not empty them, and reading them
# again, after one of the bulk updates that the session does not see, shows what is there.
_FRESH = {"populate_existing": True}


def _engines(url: URL) -> tuple[Engine, Engine]:
    if url.drivername == SQLITE:
        return sqlite.read_engine(url), sqlite.write_engine(url)
    # Pinged, because a restarted server leaves dead connections in the pool.
    write = create_engine(
        url,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10},
        json_serializer=strict_json,
    )
    read = write.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return read, write
