"""Stored judgements of claims."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.enums import ClaimSize
from service.store.database import WriteSession
from service.store.models import Judgement, Sweep, Trial
from service.store.upserts import insert_new

_KEY = (
    Judgement.claim,
    Judgement.size,
    Judgement.sweep_id,
    Judgement.judge_hash,
    Judgement.rows_hash,
)


def put(session: WriteSession, values: Mapping[str, object]) -> Judgement:
    """Store a judgement, or return the one of the same rows by the same rule.

    Args:
        session: The transaction.
        values: Values by column, without the id and the time.
    """
    insert_new(session, Judgement, _KEY, {"id": uuid4(), **values})
    where = [column == values[column.key] for column in _KEY]
    return session.scalars(select(Judgement).where(*where)).one()


def newest(
    session: Session,
    claim: str | None = None,
    *,
    current: Collection[tuple[str, str]] = (),
) -> dict[str, dict[ClaimSize, Judgement]]:
    """Return a judgement of each claim and size that has one: the newest, current ones first.

    Args:
        session: The transaction.
        claim: Return those of this claim only; None returns all.
        current: Hash of the spec and hash of the rule of each claim and size as they are now. A
            claim that has its earlier rule again has its earlier judgement again.
    """
    statement = (
        select(Judgement, Sweep.spec_hash)
        .join(Sweep, Sweep.id == Judgement.sweep_id)
        .order_by(Judgement.created_at, Judgement.id)
    )
    if claim is not None:
        statement = statement.where(Judgement.claim == claim)
    rows = [(hash_, judgement) for judgement, hash_ in session.execute(statement)]
    rows.sort(key=lambda row: (row[0], row[1].judge_hash) in current)
    found: dict[str, dict[ClaimSize, Judgement]] = {}
    for _, judgement in rows:
        found.setdefault(judgement.claim, {})[judgement.size] = judgement
    return found


def machines(session: Session, sweep_id: UUID) -> tuple[Sequence[str], Sequence[str]]:
    """Return the devices and the software versions that a sweep's trials ran with."""
    found = [
        session.scalars(
            select(column)
            .where(Trial.sweep_id == sweep_id, column.is_not(None))
            .distinct()
            .order_by(column)
        ).all()
        for column in (Trial.device, Trial.versions)
    ]
    devices, versions = ([text for text in column if text is not None] for column in found)
    return devices, versions
