"""Calibrations: the newest of each device model and engine."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace

import pytest
import sqlalchemy as sa

from service.store import Database, FencedOutError, calibrations, records
from tests.factories import TIMINGS, calibration
from tests.store.builders import claimed_sweep
from workers.contract import Calibration, EngineName


def write(database: Database, *measured: Calibration) -> None:
    claim, _ = claimed_sweep(database)
    with database.write() as session:
        records.write(session, claim, measured)


def known(database: Database) -> list[Calibration]:
    with database.read() as session:
        return calibrations.load(session)


def test_calibrations_come_back_as_they_were_told_newest_first(database: Database) -> None:
    first, second = calibration(), calibration(device="A GPU", device_type="cuda")

    write(database, first)
    write(database, second)

    assert known(database) == [second, first]


def test_a_device_and_engine_has_one_row_the_newest(database: Database) -> None:
    slower = calibration(
        timings=replace(TIMINGS, seconds_each=replace(TIMINGS.seconds_each, steps=2e-5)),
        versions="torch 3, protocol 1",
    )

    write(database, calibration(), calibration(engine=EngineName.REFERENCE))
    write(database, calibration(actors=7), slower)

    assert set(map(repr, known(database))) == {
        repr(slower),
        repr(calibration(engine=EngineName.REFERENCE)),
    }


def test_a_driver_that_lost_its_sweep_writes_no_calibration(database: Database) -> None:
    claim, _ = claimed_sweep(database)

    with pytest.raises(FencedOutError), database.write() as session:
        records.write(session, replace(claim, fence=claim.fence - 1), [calibration()])

    assert known(database) == []


def test_what_was_measured_too_long_ago_can_be_left_out(database: Database) -> None:
    write(database, calibration())

    with database.read() as session:
        assert calibrations.load(session, max_age_seconds=3600.0) == [calibration()]
        assert calibrations.load(session, max_age_seconds=-1.0) == []


RATES = {kind: rate for kind, rate in asdict(TIMINGS.seconds_each).items() if kind != "steps"}


@pytest.mark.parametrize(
    "timings", [{"speed": 1}, {"seconds_each": RATES, "residuals": []}], ids=["shape", "kinds"]
)
def test_figures_of_another_version_are_left_out_and_replaced(
    database: Database, timings: Mapping[str, object]
) -> None:
    write(database, calibration(), calibration(device="another"))
    with database.write() as session:
        of_another_version = sa.text(
            "UPDATE calibrations SET timings = :timings WHERE device = :device"
        )
        session.execute(of_another_version, {"timings": json.dumps(timings), "device": "another"})

    assert [each.device for each in known(database)] == [calibration().device]

    write(database, calibration(device="another"))
    assert len(known(database)) == 2
