"""The first part of a run: from a spec to trial rows."""

import threading
from collections.abc import Sequence

import pytest

from service.driver.preparation import StoppedError, prepare
from service.planner import PlannedConfiguration
from service.spec import Media, parse
from service.store import Database, leases, sweeps, trials
from service.store.leases import Claim
from tests.driver.queue import SHAPES, SPEC

TANH = SPEC.replace("relu", "tanh")


def _claimed(database: Database, text: str = TANH) -> Claim:
    spec = parse(text, Media.YAML)
    with database.write() as session:
        sweeps.insert(
            session,
            name=spec.name,
            spec_text=text,
            spec_media=Media.YAML,
            spec_hash=spec.sha256(),
            n_trials=2,
        )
    with database.write() as session:
        claim = leases.claim(session, "driver", 60.0)
    assert claim is not None
    return claim


def test_a_plan_is_stored_with_its_predicted_walks(database: Database) -> None:
    claim = _claimed(database)

    prepare(database, claim, SHAPES)

    with database.read() as session:
        specs = trials.unfinished(session, claim.sweep_id)
    first, second = (spec.configuration.prediction for spec in specs)
    assert first is not None
    assert second is not None
    assert second.spread > 0.0


def test_others_write_while_a_plan_is_simulated(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim = _claimed(database)

    def meanwhile(
        planned: Sequence[PlannedConfiguration], *rest: object
    ) -> Sequence[PlannedConfiguration]:
        with database.write() as session:
            assert leases.renew(session, claim, 60.0)
        return planned

    monkeypatch.setattr("service.driver.preparation.predict", meanwhile)

    prepare(database, claim, SHAPES)

    with database.read() as session:
        assert len(trials.unfinished(session, claim.sweep_id)) == 2


def test_a_process_told_to_stop_leaves_no_half_of_a_plan(database: Database) -> None:
    claim = _claimed(database)
    stop = threading.Event()
    stop.set()

    with pytest.raises(StoppedError):
        prepare(database, claim, SHAPES, stop)

    with database.read() as session:
        assert not trials.is_planned(session, claim.sweep_id)
