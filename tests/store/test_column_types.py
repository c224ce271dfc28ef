"""The portable column types."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import String, cast, insert, literal, select, text, update
from sqlalchemy.exc import StatementError

from service.store import Database
from service.store.column_types import UtcDateTime, database_now
from service.store.models import Event, Sweep
from tests.store.builders import add_sweep

ON_ONE_DATABASE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None
)
MOMENTS = st.datetimes(
    min_value=datetime(1900, 1, 2),  # noqa: DTZ001 - the strategy adds the zone
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@ON_ONE_DATABASE
@given(moment=MOMENTS)
def test_a_moment_of_any_zone_comes_back_in_utc(database: Database, moment: datetime) -> None:
    with database.write() as session:
        sweep = add_sweep(session)
        session.execute(update(Sweep).where(Sweep.id == sweep.id).values(created_at=moment))
        found = session.scalars(select(Sweep.created_at).where(Sweep.id == sweep.id)).one()

    assert found == moment
    assert found.tzinfo is UTC


@ON_ONE_DATABASE
@given(one=MOMENTS, other=MOMENTS)
def test_the_database_orders_moments_as_python_does(
    database: Database, one: datetime, other: datetime
) -> None:
    with database.read() as session:
        earlier = session.scalar(
            select(literal(one, UtcDateTime()) < literal(other, UtcDateTime()))
        )

    assert earlier == (one < other)


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - what the test is about

    with database.write() as session, pytest.raises(StatementError, match="without a zone"):
        session.execute(update(Sweep).values(started_at=naive))


@pytest.mark.parametrize("offset", [-3600.0, -0.5, 0.0, 0.25, 90.0, 1e6])
def test_the_databases_clock_can_be_moved_by_seconds(database: Database, offset: float) -> None:
    with database.read() as session:
        before = datetime.now(UTC)
        moved = session.scalars(select(database_now(offset))).one()
        after = datetime.now(UTC)

    # SQLite cuts to milliseconds.
    early = before + timedelta(seconds=offset - 0.002)
    late = after + timedelta(seconds=offset + 0.002)
    assert early <= moved <= late


def test_the_databases_clock_compares_with_stored_moments(database: Database) -> None:
    with database.write() as session:
        add_sweep(session)
        in_past = session.scalar(select(Sweep.created_at <= database_now()))
        in_future = session.scalar(select(Sweep.created_at > database_now(-60)))

    assert (in_past, in_future) == (True, True)


def test_the_databases_clock_has_the_width_of_stored_moments(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        now = session.scalar(select(cast(database_now(), String())))
        stored = session.scalar(select(cast(literal(datetime.now(UTC), UtcDateTime()), String())))

    # Texts of one width compare as the moments do.
    assert len(now or "") == len(stored or "") == 26


def test_the_clock_moves_within_a_transaction(database: Database) -> None:
    with database.write() as session:
        first = session.scalars(select(database_now())).one()
        time.sleep(0.01)
        second = session.scalars(select(database_now())).one()

    assert second > first


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_json_columns_refuse_numbers_that_json_does_not_have(
    database: Database, value: float
) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id
        with pytest.raises((StatementError, ValueError), match="JSON"):
            session.execute(
                insert(Event), {"sweep_id": sweep_id, "kind": "x", "detail": {"loss": value}}
            )


def test_an_enum_is_stored_by_its_value(database: Database) -> None:
    with database.write() as session:
        add_sweep(session)
        stored = session.execute(text("SELECT state, spec_media FROM sweeps")).one()

    assert tuple(stored) == ("queued", "json")
