"""Migrations: they make what the models say, once, both ways, whoever runs them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, inspect, text

from service.store import (
    Database,
    SchemaOutOfDateError,
    check_schema,
    schema_revision,
    sweeps,
    upgrade,
)
from service.store.models import Base
from service.store.schema import downgrade
from tests.store.builders import add_sweep


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine: Engine = create_engine(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def test_the_migrations_make_the_tables_of_the_models(database_url: str) -> None:
    with _connected(database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert differences == []


def test_the_migrations_make_the_checks_of_the_models(empty_url: str) -> None:
    # Alembic does not compare CHECKs. This database takes both schemas, one after the other.
    with _connected(empty_url) as connection:
        Base.metadata.create_all(connection)
        expected = _checks(connection)
        Base.metadata.drop_all(connection)

    upgrade(empty_url)

    with _connected(empty_url) as connection:
        assert _checks(connection) == expected
    assert len(expected) > 60


def _checks(connection: Connection) -> dict[tuple[str, str], str]:
    found = inspect(connection)
    return {
        (table, str(check["name"])): check["sqltext"]
        for table in Base.metadata.tables
        for check in found.get_check_constraints(table)
    }


def test_sqlite_keeps_curves_in_order_and_event_ids_unique(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        rows = session.execute(text("SELECT name, sql FROM sqlite_master"))
        sql = {row.name: row.sql for row in rows}

    assert "WITHOUT ROWID" in sql["epochs"]
    assert "AUTOINCREMENT" in sql["events"]


def test_downgrading_leaves_nothing_and_upgrading_again_works(empty_url: str) -> None:
    upgrade(empty_url)
    downgrade(empty_url, "base")
    with _connected(empty_url) as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
    assert schema_revision(empty_url) is None

    upgrade(empty_url)

    database = Database(empty_url)
    check_schema(database)
    database.dispose()


def test_upgrading_again_changes_nothing(database_url: str, database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id

    upgrade(database_url)

    with database.read() as session:
        assert sweeps.get(session, sweep_id).id == sweep_id


def test_a_database_without_a_schema_is_told_how_to_get_one(empty_url: str) -> None:
    assert schema_revision(empty_url) is None
    database = Database(empty_url)

    with pytest.raises(SchemaOutOfDateError, match=r"no schema.*fathom db upgrade") as raised:
        check_schema(database)

    database.dispose()
    assert (raised.value.found, raised.value.is_newer) == (None, False)


def test_a_newer_database_is_neither_used_nor_touched(empty_url: str) -> None:
    upgrade(empty_url)
    with _connected(empty_url) as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database = Database(empty_url)

    with pytest.raises(SchemaOutOfDateError, match="newer"):
        check_schema(database)
    with pytest.raises(SchemaOutOfDateError, match="newer"):
        upgrade(empty_url)

    database.dispose()
    assert schema_revision(empty_url) == "9999"


def test_upgrades_racing_at_first_start_make_one_schema(empty_url: str) -> None:
    # Processes, since Alembic keeps its context in a module.
    command = [
        sys.executable,
        "-c",
        "import sys; from service.store import upgrade; upgrade(sys.argv[1])",
        empty_url,
    ]
    racers: list[subprocess.Popen[Any]] = [
        subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(3)
    ]
    errors = [racer.communicate()[1] for racer in racers]

    assert errors == [b""] * 3
    database = Database(empty_url)
    check_schema(database)
    database.dispose()
