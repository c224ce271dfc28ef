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


def test_an_event_is_never_seen_before_one_of_a_lower_id(database: Database) -> None:
    """PostgreSQL draws ids before a commit: without a lock the second writer would be first."""
    with database.write() as session:
        sweep_id = add_sweep(session).id
    second = threading.Thread(target=_append, args=(database, sweep_id))

    with database.write() as session:
        first = events.append(session, sweep_id, "first")
        second.start()
        second.join(timeout=0.3)
        seen_early = _seen(database, sweep_id)
    second.join()

    assert seen_early == []
    assert _seen(database, sweep_id)[0] == first.id
    assert len(_seen(database, sweep_id)) == 2


def _append(database: Database, sweep_id: UUID) -> None:
    with database.write() as session:
        events.append(session, sweep_id, "second")


def _seen(database: Database, sweep_id: UUID) -> list[int]:
    with database.read() as session:
        return [event.id for event in events.after(session, sweep_id, 0, limit=100)]


def test_ids_are_not_used_again_after_a_sweep_is_gone(database: Database) -> None:
    ids = []
    for _ in range(2):
        with database.write() as session:
            sweep = add_sweep(session)
            ids.append(events.append(session, sweep.id, "x").id)
            session.delete(sweep)

    assert ids[1] > ids[0]
