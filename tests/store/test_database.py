"""Sessions: what each kind may do, and what a commit is worth."""

import threading
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from service.store import Database, sweeps
from service.store.errors import SweepNotFoundError
from service.store.locks import lock_sweep
from service.store.models import Sweep
from tests.store.builders import add_sweep


def test_a_write_session_commits_where_its_block_ends(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id

    with database.read() as session:
        assert sweeps.get(session, sweep_id).name == "sweep"


def test_a_write_session_that_raises_leaves_nothing(database: Database) -> None:
    made: list[UUID] = []

    def add_and_fail() -> None:
        with database.write() as session:
            made.append(add_sweep(session).id)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        add_and_fail()

    with database.read() as session, pytest.raises(SweepNotFoundError):
        sweeps.get(session, made[0])


def test_the_database_refuses_writes_in_a_read_session(database: Database) -> None:
    with database.read() as session, pytest.raises(DBAPIError, match=r"read.?only"):
        session.execute(text("DELETE FROM sweeps"))


def test_a_read_session_sees_one_state_throughout(database: Database) -> None:
    with database.read() as reader:
        before = sweeps.page(reader, limit=10).items
        with database.write() as session:
            add_sweep(session)
        after = sweeps.page(reader, limit=10).items

    assert [*before] == [*after] == []


def test_rows_stay_readable_after_their_session(database: Database) -> None:
    with database.write() as session:
        sweep = add_sweep(session)

    assert sweep.tags == {"paper": "rwi"}


def test_writers_that_share_nothing_but_the_file_wait_for_each_other(
    database: Database, database_url: str
) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id

    def count_up() -> None:
        own = Database(database_url)
        for _ in range(5):
            with own.write() as session:
                # Reads, then writes: the pattern that fails in a deferred transaction of SQLite.
                fence = lock_sweep(session, sweep_id).fence
                session.execute(text("UPDATE sweeps SET fence = :fence"), {"fence": fence + 1})
        own.dispose()

    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with database.read() as reader:
        assert sweeps.get(reader, sweep_id).fence == 20


def test_a_commit_reaches_the_disk_on_sqlite(sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        pragmas = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }

    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_dead_connection_of_the_pool_is_replaced_on_postgres(
    postgres_database: Database,
) -> None:
    with postgres_database.read() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()"))
    killer = Database(_url(postgres_database))
    with killer.write() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": backend})
    killer.dispose()

    with postgres_database.read() as after:
        assert after.scalar(text("SELECT pg_backend_pid()")) != backend


def _url(database: Database) -> str:
    with database.read() as session:
        url: str = session.get_bind().engine.url.render_as_string(hide_password=False)
    return url


def test_rows_read_again_show_what_bulk_updates_did(database: Database) -> None:
    with database.write() as session:
        sweep = add_sweep(session)
        session.execute(text("UPDATE sweeps SET name = 'renamed'"))

        found = session.get(Sweep, sweep.id, populate_existing=True)

    assert found is sweep
    assert sweep.name == "renamed"
