"""Waiting for what is not there yet: one line for each thing to know."""

import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.driver.waiting import REMIND_SECONDS, wait_for, wait_for_database
from service.store import Database, upgrade


@pytest.fixture(autouse=True)
def heard(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="fathom.driver")


def answers(*reasons: str | None) -> Iterator[str | None]:
    yield from reasons
    raise AssertionError("asked again after the wait was over")


def test_nothing_is_said_where_nothing_is_missing(caplog: pytest.LogCaptureFixture) -> None:
    told = answers(None)

    assert wait_for("it", lambda: next(told), threading.Event(), poll_seconds=0)
    assert caplog.messages == []


def test_a_reason_is_said_once_until_it_changes(caplog: pytest.LogCaptureFixture) -> None:
    told = answers("refused", "refused", "refused", "no schema", "no schema", None)

    assert wait_for("it", lambda: next(told), threading.Event(), poll_seconds=0, clock=lambda: 0.0)
    assert caplog.messages == [
        "waiting for it: refused",
        "waiting for it: no schema",
        "it is there",
    ]


def test_a_reason_that_stays_is_said_again_every_minute(caplog: pytest.LogCaptureFixture) -> None:
    told = answers("refused", "refused", "refused", None)
    # Read before each reminder, and after each line.
    times = iter([0.0, REMIND_SECONDS - 1, REMIND_SECONDS, REMIND_SECONDS])

    assert wait_for(
        "it", lambda: next(told), threading.Event(), poll_seconds=0, clock=lambda: next(times)
    )
    assert caplog.messages == ["waiting for it: refused"] * 2 + ["it is there"]


def test_a_stop_ends_the_wait() -> None:
    stop = threading.Event()

    def missing() -> str:
        stop.set()
        return "refused"

    assert not wait_for("it", missing, stop)


def test_the_database_is_waited_for_until_it_is_migrated(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"sqlite:///{tmp_path}/sub/fathom.db"
    database = Database(url)
    ended: list[bool] = []
    stop = threading.Event()
    thread = threading.Thread(target=lambda: ended.append(wait_for_database(database, stop)))
    thread.start()
    try:
        while not any("unable to open" in message for message in caplog.messages):
            assert thread.is_alive()
        (tmp_path / "sub").mkdir()
        upgrade(url)
        thread.join(30)
    finally:
        stop.set()
        thread.join(30)
        database.dispose()

    assert ended == [True]
    assert caplog.messages[-1] == "the database is there"


def test_a_database_without_a_schema_names_the_command(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database(f"sqlite:///{tmp_path}/fathom.db")
    (tmp_path / "fathom.db").touch()
    stop = threading.Event()
    thread = threading.Thread(target=wait_for_database, args=(database, stop))
    thread.start()
    while not caplog.messages:
        assert thread.is_alive()
    stop.set()
    thread.join(30)
    database.dispose()

    assert "run `fathom db upgrade`" in caplog.messages[0]


def test_a_server_that_is_away_is_named_without_its_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # Nothing listens on port 1.
    database = Database("postgresql+psycopg://fathom:secret@127.0.0.1:1/fathom")
    stop = threading.Event()
    thread = threading.Thread(target=wait_for_database, args=(database, stop))
    thread.start()
    while not caplog.messages:
        assert thread.is_alive()
    stop.set()
    thread.join(30)
    database.dispose()

    [message] = caplog.messages
    assert "127.0.0.1" in message
    assert "secret" not in message
