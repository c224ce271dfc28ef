"""Engines of SQLite: who may write, who waits, and what survives a power cut."""

import sqlite3

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from service.store.column_types import strict_json

BUSY_SECONDS = 30
"""How long a transaction waits for the writer of another process."""


def write_engine(url: URL, *, foreign_keys: bool = True) -> Engine:
    """Return an engine whose transactions own the database's one write lock from their start.

    One connection: threads of a process queue up for it, where the lock would have them poll.
    """
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
        # NORMAL, the usual companion of WAL, may lose the last commits in a power cut; a 2xx
        # says that a write is committed.
        "PRAGMA synchronous = FULL",
        f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}",
    )
    # A deferred transaction that reads first and writes later cannot wait for the lock: it
    # fails at once if another has written in between.
    return _configured(engine, pragmas, begin="BEGIN IMMEDIATE")


def read_engine(url: URL) -> Engine:
    """Return an engine whose connections refuse to write."""
    return _configured(create_engine(url), ("PRAGMA query_only = ON",), begin="BEGIN")


def _configured(engine: Engine, pragmas: tuple[str, ...], *, begin: str) -> Engine:
    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        # The driver's own transaction control off: it would begin late, at the first write.
        connection.isolation_level = None
        # First, so that the pragmas below wait as well.
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
        for pragma in pragmas:
            connection.execute(pragma).close()

    @event.listens_for(engine, "begin")
    def begin_transaction(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine
