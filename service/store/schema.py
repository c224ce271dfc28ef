"""Upgrade, downgrade and check the database schema by Alembic, without a configuration file."""

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, func, select

import migrations
from service.store import sqlite
from service.store.database import Database
from service.store.errors import SchemaOutOfDateError
from service.store.urls import SQLITE, parse_url

# Key of PostgreSQL's advisory lock for upgrades. The number is arbitrary but must never change.
_UPGRADE_LOCK = 4_611_686_018_427


def upgrade(url: str) -> None:
    """Upgrade a database to the schema of this version, in one transaction.

    Several processes may call this at the same time: one upgrades, the others wait for it and then
    have nothing to do.

    Args:
        url: A URL that `Database` accepts; the folder of a SQLite file must exist.

    Raises:
        DatabaseUrlError: The URL has another form.
        SchemaOutOfDateError: The schema is newer than this version.
    """
    _run(url, command.upgrade, "head")


def downgrade(url: str, revision: str) -> None:
    """Downgrade a database to a revision, in one transaction.

    Rows that the older schema has no place for are lost.

    Args:
        url: A URL that `Database` accepts.
        revision: A revision, or ``"base"`` for a database without tables.
    """
    _run(url, command.downgrade, revision)


def schema_revision(url: str) -> str | None:
    """Return the revision of a database's schema; None if it has no schema."""
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def check_schema(database: Database) -> None:
    """Raise unless a database has exactly the schema of this version.

    Raises:
        SchemaOutOfDateError: The schema is older, newer, or absent.
    """
    with database.read() as session:
        found = MigrationContext.configure(session.connection()).get_current_revision()
    scripts = ScriptDirectory.from_config(_config())
    if found != scripts.get_current_head():
        raise _out_of_date(found, scripts)


def _out_of_date(found: str | None, scripts: ScriptDirectory) -> SchemaOutOfDateError:
    known = {script.revision for script in scripts.walk_revisions()}
    expected = scripts.get_current_head() or "none"
    return SchemaOutOfDateError(found, expected, found is not None and found not in known)


def _run(url: str, action: Callable[[Config, str], None], revision: str) -> None:
    engine = _engine(url)
    try:
        with engine.begin() as connection:
            _lock_upgrades(connection)
            config = _config()
            scripts = ScriptDirectory.from_config(config)
            found = MigrationContext.configure(connection).get_current_revision()
            if (error := _out_of_date(found, scripts)).is_newer:
                raise error
            config.attributes["connection"] = connection
            action(config, revision)
            _check_references(connection)
    finally:
        engine.dispose()


def _engine(url: str) -> Engine:
    parsed = parse_url(url)
    if parsed.drivername == SQLITE:
        # On SQLite a migration changes a table by copying it. With foreign keys on, dropping the
        # old copy would delete the rows that refer to it. References are checked at the end.
        return sqlite.write_engine(parsed, foreign_keys=False)
    return create_engine(parsed, connect_args={"connect_timeout": 10})


def _config() -> Config:
    config = Config()
    folder = Path(migrations.__file__ or "").parent
    # A % in a path would be read as a reference to another option.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def _lock_upgrades(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
    # On SQLite `sqlite.write_engine` takes the write lock at the start of the transaction.


def _check_references(connection: Connection) -> None:
    """Raise if a migration on SQLite, which runs without foreign keys, has broken one."""
    if connection.dialect.name != "sqlite":
        return
    if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise RuntimeError(f"the migration leaves rows without a parent: {orphans[:3]}")
