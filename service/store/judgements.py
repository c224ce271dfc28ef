"""Stored judgements of claims."""

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.orm import Session

from service.enums import ClaimSize
from service.store.database import WriteSession
from service.store.models import Judgement, Trial
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


def newest(session: Session, claim: str | None = None) -> dict[str, dict[ClaimSize, Judgement]]:
    """Return the newest judgement of each claim and size that has one.

    Args:
        session: The transaction.
        claim: Return those of this claim only; None returns all.
    """
    statement = select(Judgement).order_by(Judgement.created_at, Judgement.id)
    if claim is not None:
        statement = statement.where(Judgement.claim == claim)
    found: dict[str, dict[ClaimSize, Judgement]] = {}
    for row in session.scalars(statement):
        found.setdefault(row.claim, {})[row.size] = row
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
