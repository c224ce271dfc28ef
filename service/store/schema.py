"""The schema's revision, and Alembic run without a configuration file."""

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

# Any number will do, as long as it stays: two upgrades at the same time meet at it.
_UPGRADE_LOCK = 4_611_686_018_427


def upgrade(url: str) -> None:
    """Bring a database to the schema of this version, in one transaction.

    Several processes may do so at the same time: one works, the others wait for it and find
    nothing to do.

    Args:
        url: As of `Database`; the folder of a SQLite file must exist.

    Raises:
        DatabaseUrlError: Another form of URL.
        SchemaOutOfDateError: The schema is newer than this version.
    """
    _run(url, command.upgrade, "head")


def downgrade(url: str, revision: str) -> None:
    """Take a database back to a revision, in one transaction; rows that it cannot hold are lost.

    Args:
        url: As of `Database`.
        revision: A revision, or ``"base"`` for a database without tables.
    """
    _run(url, command.downgrade, revision)


def schema_revision(url: str) -> str | None:
    """Return the revision of a database's schema; None where it has none."""
    engine = _engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def check_schema(database: Database) -> None:
    """Raise unless a database has exactly the schema of this version.

    Raises:
        SchemaOutOfDateError: It has an older one, a newer one, or none.
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
        # Changing a table rebuilds it on SQLite: with foreign keys on, dropping the old copy
        # would delete the rows that refer to it. They are checked at the end instead.
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
    # A transaction of SQLite has the write lock from its start.


def _check_references(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    if orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").all():
        raise RuntimeError(f"the migration leaves rows without a parent: {orphans[:3]}")
