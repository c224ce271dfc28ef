"""Pages of sweeps."""

import threading
from uuid import UUID

from sqlalchemy import text

from service.lifecycle import SweepState
from service.store import Database, sweeps
from service.store.models import Sweep
from tests.store.builders import add_sweep


def _walk(database: Database, limit: int) -> list[UUID]:
    found: list[UUID] = []
    cursor = None
    while True:
        with database.read() as session:
            page = sweeps.page(session, after=cursor, limit=limit)
        assert len(page.items) <= limit
        found += [sweep.id for sweep in page.items]
        if (cursor := page.next_cursor) is None:
            return found


def test_an_empty_list_is_one_empty_page(database: Database) -> None:
    with database.read() as session:
        page = sweeps.page(session, limit=5)

    assert ([*page.items], page.next_cursor) == ([], None)


def test_sweeps_come_newest_first_each_once(database: Database) -> None:
    with database.write() as session:
        made = [add_sweep(session).id for _ in range(7)]
        # Some at the same moment, so that the id has to decide.
        session.execute(text("UPDATE sweeps SET created_at = '2026-01-01 00:00:00.000000'"))
    with database.write() as session:
        newest = add_sweep(session).id

    for limit in (1, 2, 3, 8, 20):
        found = _walk(database, limit)
        assert found[0] == newest
        assert found[1:] == sorted(made, reverse=True)


def test_pages_are_complete_and_without_repeats_while_sweeps_arrive(database: Database) -> None:
    with database.write() as session:
        before = {add_sweep(session).id for _ in range(30)}
    stop = threading.Event()

    def submit() -> None:
        while not stop.is_set():
            with database.write() as session:
                add_sweep(session)

    thread = threading.Thread(target=submit)
    thread.start()
    try:
        walks = [_walk(database, 4) for _ in range(3)]
    finally:
        stop.set()
        thread.join()

    for found in walks:
        assert len(found) == len(set(found))
        assert before <= set(found)


def test_pages_take_conditions(database: Database) -> None:
    with database.write() as session:
        add_sweep(session)
        paused = add_sweep(session).id
        sweeps.move(session, paused, SweepState.PAUSED)

        page = sweeps.page(session, limit=5, where=[Sweep.state == SweepState.PAUSED])

    assert [sweep.id for sweep in page.items] == [paused]
