"""A database connection pool with read sessions and write sessions."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

from service.store import sqlite
from service.store.column_types import strict_json
from service.store.urls import SQLITE, parse_url


class ReadSession(Session):
    """A read-only transaction, which sees one snapshot of the database."""


class WriteSession(Session):
    """A read-write transaction; functions that take it never commit."""


class Database:
    """A SQLite file or a PostgreSQL database, opened at the first use.

    Make one for each process, before its threads start. After a fork each process needs its own.

    Args:
        url: ``sqlite:///PATH`` or ``postgresql+psycopg://USER:PASSWORD@HOST/DATABASE``.

    Raises:
        DatabaseUrlError: The URL has another form.
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
        """Yield a session for reading; the database refuses writes in it."""
        with self._read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[WriteSession]:
        """Yield a session that commits when the block ends, and rolls back if it raises.

        SQLite allows one writer at a time; the wait for it is at the start of the block.
        """
        with self._write.begin() as session:
            yield session

    def dispose(self) -> None:
        """Close every pooled connection."""
        for engine in self._engines:
            engine.dispose()


# The bulk updates of this package bypass the session's identity map. With this option a row that
# is read again shows what the database has, not what the session read before.
_FRESH = {"populate_existing": True}


def _engines(url: URL) -> tuple[Engine, Engine]:
    if url.drivername == SQLITE:
        return sqlite.read_engine(url), sqlite.write_engine(url)
    # Each connection is tested before use: a restarted server leaves dead ones in the pool.
    write = create_engine(
        url,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10},
        json_serializer=strict_json,
    )
    # The default level would give each statement a snapshot of its own: counts and rows of one
    # response could disagree.
    read = write.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return read, write
