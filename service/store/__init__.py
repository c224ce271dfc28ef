"""Store of sweeps, configurations, trials, results, events and calibrations.

The database is SQLite or PostgreSQL. Every function takes a session first and none commits: a
`WriteSession` is one transaction, committed where its ``with`` block ends. All writers lock the
sweep's row before any other row of the sweep, so they cannot deadlock. A write under a claim is
refused once the sweep's fencing number has changed.
"""

from service.store.database import Database, ReadSession, WriteSession
from service.store.errors import FencedOutError, SchemaOutOfDateError, StoreError
from service.store.schema import check_schema, schema_revision, upgrade

__all__ = [
    "Database",
    "FencedOutError",
    "ReadSession",
    "SchemaOutOfDateError",
    "StoreError",
    "WriteSession",
    "check_schema",
    "schema_revision",
    "upgrade",
]
