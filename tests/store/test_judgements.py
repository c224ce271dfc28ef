"""Judgements: one row for the same rows and rule, and the newest of each size."""

from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import IntegrityError

from service.enums import ClaimSize, Verdict
from service.store import Database, WriteSession, judgements, sweeps
from service.store.models import Judgement
from tests.store.builders import add_sweep


def values(sweep_id: UUID, **changes: object) -> dict[str, object]:
    return {
        "claim": "c",
        "size": ClaimSize.LAPTOP,
        "sweep_id": sweep_id,
        "judge_hash": "a" * 64,
        "rows_hash": "b" * 64,
        "verdict": Verdict.UNDECIDED,
        "n": 3,
        "estimate": 0.5,
        "low": None,
        "high": None,
        "evidence": {"reason": "few seeds"},
        "device": "cpu",
        "versions": "python 3.11",
        "seconds": 1.5,
    } | changes


def put(session: WriteSession, sweep_id: UUID, **changes: object) -> Judgement:
    return judgements.put(session, values(sweep_id, **changes))


def test_the_same_rows_and_rule_have_one_judgement(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id
        first = put(session, sweep_id).id
        second = put(session, sweep_id, verdict=Verdict.REFUTED)
        other = put(session, sweep_id, rows_hash="c" * 64).id

        assert second.id == first != other
        assert second.verdict is Verdict.UNDECIDED
        assert second.evidence == {"reason": "few seeds"}


def test_the_newest_of_each_claim_and_size_is_found(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id
        put(session, sweep_id)
    with database.write() as session:
        newer = put(session, sweep_id, rows_hash="c" * 64).id
        full = put(session, sweep_id, size=ClaimSize.FULL).id
        other = put(session, sweep_id, claim="d").id

    with database.read() as session:
        found = judgements.newest(session)
        alone = judgements.newest(session, "d")

    ids = {name: {size: row.id for size, row in sizes.items()} for name, sizes in found.items()}
    assert ids == {
        "c": {ClaimSize.LAPTOP: newer, ClaimSize.FULL: full},
        "d": {ClaimSize.LAPTOP: other},
    }
    assert list(alone) == ["d"]


def test_judgements_go_with_their_sweep_and_need_one(database: Database) -> None:
    with database.write() as session:
        sweep_id = add_sweep(session).id
        put(session, sweep_id)
    with database.write() as session:
        session.delete(sweeps.get(session, sweep_id))
    with database.read() as session:
        assert judgements.newest(session) == {}

    with pytest.raises(IntegrityError), database.write() as session:
        put(session, uuid4())
