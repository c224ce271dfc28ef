"""Events: in order, and none missed."""

import threading
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from service.store import Database, events
from service.store.errors import SweepNotFoundError
from tests.store.builders import add_sweep, claimed_sweep


def test_events_come_in_order_behind_the_last_one_seen(database: Database) -> None:
    claim, (trial_id, _) = claimed_sweep(database)
    with database.write() as session:
        other = add_sweep(session).id
        events.append(session, other, "elsewhere")
        ids = [
            events.append(session, claim.sweep_id, "paused").id,
            events.append(session, claim.sweep_id, "stopped", trial_id, {"rung": 2}).id,
            events.append(session, claim.sweep_id, "resumed").id,
        ]

    with database.read() as session:
        found = events.after(session, claim.sweep_id, 0, limit=10)
        rest = events.after(session, claim.sweep_id, ids[0], limit=1)
        end = events.after(session, claim.sweep_id, ids[2], limit=10)

    assert [event.id for event in found] == ids == sorted(ids)
    assert [(event.kind, event.trial_id, event.detail) for event in rest] == [
        ("stopped", trial_id, {"rung": 2})
    ]
    assert found[0].detail is None
    assert abs((datetime.now(UTC) - found[0].at).total_seconds()) < 60
    assert end == []


def test_an_event_of_no_sweep_is_refused(database: Database) -> None:
    with database.write() as session, pytest.raises(SweepNotFoundError):
        events.append(session, uuid4(), "paused")


def test_a_reader_that_follows_misses_none_of_racing_writers(database: Database) -> None:
    """Ids are drawn before a commit: without a lock a lower one can appear after a higher."""
    with database.write() as session:
        sweep_id = add_sweep(session).id
    writers = [threading.Thread(target=_append_some, args=(database, sweep_id)) for _ in range(4)]
    for writer in writers:
        writer.start()

    seen: list[int] = []
    while any(writer.is_alive() for writer in writers):
        seen += _next(database, sweep_id, seen)
    seen += _next(database, sweep_id, seen)

    assert len(seen) == 4 * 10


def _append_some(database: Database, sweep_id: UUID) -> None:
    for _ in range(10):
        with database.write() as session:
            events.append(session, sweep_id, "x")


def _next(database: Database, sweep_id: UUID, seen: list[int]) -> list[int]:
    with database.read() as session:
        found = events.after(session, sweep_id, seen[-1] if seen else 0, limit=100)
    return [event.id for event in found]


def test_ids_are_not_used_again_after_a_sweep_is_gone(database: Database) -> None:
    ids = []
    for _ in range(2):
        with database.write() as session:
            sweep = add_sweep(session)
            ids.append(events.append(session, sweep.id, "x").id)
            session.delete(sweep)

    assert ids[1] > ids[0]
