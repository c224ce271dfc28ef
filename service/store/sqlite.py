"""SQLAlchemy engines for SQLite, with its locking and durability settings."""

import sqlite3

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from service.store.column_types import strict_json

BUSY_SECONDS = 30
"""Seconds for which a transaction waits for the writer of another process."""


def write_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Return an engine whose transactions hold the database's write lock from their start.

    Args:
        url: URL of the file.
        foreign_keys: Whether the database checks references between tables.
    """
    # One connection for all threads: they wait for it in a queue, whereas SQLite's own lock makes
    # waiters poll, and a thread can wait for long.
    engine = create_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        json_serializer=strict_json,
    )
    pragmas = (
        # Readers and the writer do not block each other.
        "PRAGMA journal_mode = WAL",
        # NORMAL, which is usual with WAL, can lose the last commits in a power cut. The API
        # promises that a write answered by 2xx is committed.
        "PRAGMA synchronous = FULL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
    )
    # A deferred transaction that reads first and writes later cannot wait for the lock: it fails
    # at once if another transaction has written in between.
    return _configured(engine, pragmas, begin="BEGIN IMMEDIATE")


def read_engine(url: URL) -> Engine:
    """Return an engine whose connections refuse to write."""
    return _configured(create_engine(url), ("PRAGMA query_only = ON",), begin="BEGIN")


def _configured(engine: Engine, pragmas: tuple[str, ...], *, begin: str) -> Engine:
    """Add listeners to an engine that run pragmas on connect and ``begin`` at each transaction."""

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # Switches off the transaction control of the `sqlite3` module, which would begin a
        # transaction as late as the first write.
        connection.isolation_level = None
        # Before the other pragmas, which can find the database locked.
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        for pragma in pragmas:
            connection.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
