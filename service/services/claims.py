"""List claims with their judgements, and judge a claim by the trials of a sweep."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from service.claims.errors import (
    ClaimNotFoundError,
    NotTheClaimsSweepError,
    SweepNotCompletedError,
)
from service.claims.files import Claim, SizedClaim
from service.claims.reading import hash_of, read_cells
from service.enums import ClaimSize
from service.lifecycle import SweepState
from service.schemas.claims import (
    ClaimDetail,
    ClaimList,
    ClaimRead,
    Evidence,
    JudgementRead,
    SizeRead,
)
from service.store import WriteSession, judgements, sweeps
from service.store.models import Judgement, Sweep
from workers.contract import DatasetShape

Claims = Mapping[str, Claim]
"""Claims by name."""

_NONE: Final[Mapping[ClaimSize, Judgement]] = {}


def list_claims(session: Session, claims: Claims) -> ClaimList:
    """Return all claims with the newest judgement of each size."""
    found = judgements.newest(session, current=_hashes(claims.values()))
    return ClaimList(
        claims=tuple(
            ClaimRead(**_fields(session, claim, found.get(claim.name, _NONE)))
            for claim in claims.values()
        )
    )


def get(session: Session, claims: Claims, name: str) -> ClaimDetail:
    """Return a claim with its specs, its rules and its judgements.

    Raises:
        ClaimNotFoundError: There is no such claim.
    """
    claim = _claim(claims, name)
    found = judgements.newest(session, name, current=_hashes([claim])).get(name, _NONE)
    sizes = tuple(_size_read(sized) for sized in claim.sizes.values())
    return ClaimDetail(**_fields(session, claim, found), sizes=sizes)


def examine(
    session: Session,
    claims: Claims,
    name: str,
    sweep_id: UUID,
    *,
    datasets: Mapping[str, DatasetShape],
) -> Mapping[str, object]:
    """Return the judgement that a sweep's trials pass on a claim, as values of its columns.

    Nothing is written: large sweeps take seconds, in which others must be able to write.

    Args:
        session: The transaction.
        claims: The claims that there are.
        name: The claim.
        sweep_id: A completed sweep of the claim's spec at one of its sizes.
        datasets: Shapes of the data sets, by name.

    Raises:
        ClaimNotFoundError: There is no such claim.
        SweepNotFoundError: There is no such sweep.
        NotTheClaimsSweepError: The sweep has another spec.
        SweepNotCompletedError: The sweep has not completed.
    """
    claim, sweep = _claim(claims, name), sweeps.get(session, sweep_id)
    sized = _size_of(claim, sweep)
    if sweep.state is not SweepState.COMPLETED:
        raise SweepNotCompletedError(sweep_id, sweep.state)
    classes = {each: shape.n_classes for each, shape in datasets.items()}
    cells = read_cells(session, sweep_id, sized.rule, classes)
    evidence = sized.rule.judge(*cells)
    devices, versions = judgements.machines(session, sweep_id)
    return {
        "claim": name,
        "size": sized.size,
        "sweep_id": sweep_id,
        "judge_hash": sized.judge_hash,
        "rows_hash": hash_of(cells),
        "verdict": evidence.verdict,
        "n": evidence.n,
        "estimate": evidence.estimate,
        "low": evidence.low,
        "high": evidence.high,
        "evidence": evidence.model_dump(mode="json"),
        "device": "\n".join(devices),
        "versions": "\n".join(versions),
        "seconds": _seconds(sweep),
    }


def store(session: WriteSession, claims: Claims, values: Mapping[str, object]) -> JudgementRead:
    """Store what `examine` returned; the same rows and rule give the judgement stored before."""
    row = judgements.put(session, values)
    return _judgement(session, claims[row.claim], row)


def _hashes(claims: Iterable[Claim]) -> set[tuple[str, str]]:
    """Return the hashes of the spec and of the rule of each size of some claims."""
    sizes = [sized for claim in claims for sized in claim.sizes.values()]
    return {(sized.spec.sha256(), sized.judge_hash) for sized in sizes}


def _claim(claims: Claims, name: str) -> Claim:
    if name not in claims:
        raise ClaimNotFoundError(name)
    return claims[name]


def _size_of(claim: Claim, sweep: Sweep) -> SizedClaim:
    for sized in claim.sizes.values():
        if sized.spec.sha256() == sweep.spec_hash:
            return sized
    raise NotTheClaimsSweepError(claim.name, sweep.id)


def _seconds(sweep: Sweep) -> float | None:
    if sweep.started_at is None or sweep.ended_at is None:
        return None
    return (sweep.ended_at - sweep.started_at).total_seconds()


# The values are the fields of two schemas, whose types pydantic checks.
def _fields(
    session: Session, claim: Claim, found: Mapping[ClaimSize, Judgement]
) -> dict[str, object]:
    sizes = claim.sizes
    return {
        "name": claim.name,
        "claim": claim.claim,
        "source": claim.source,
        "prediction": claim.prediction,
        "statistic": sizes[ClaimSize.FULL].rule.statistic,
        "times": {size.value: sized.time for size, sized in sizes.items()},
        "spec_hashes": {size.value: sized.spec.sha256() for size, sized in sizes.items()},
        "judgements": tuple(
            _judgement(session, claim, found[size]) for size in sizes if size in found
        ),
    }


def _size_read(sized: SizedClaim) -> SizeRead:
    return SizeRead(
        size=sized.size,
        time=sized.time,
        spec=sized.spec.canonical_json(),
        spec_hash=sized.spec.sha256(),
        judge=dict(sized.judge),
    )


def _judgement(session: Session, claim: Claim, row: Judgement) -> JudgementRead:
    spec_hash = sweeps.get(session, row.sweep_id).spec_hash
    sized = claim.sizes[row.size]
    return JudgementRead(
        id=row.id,
        claim=row.claim,
        size=row.size,
        sweep_id=row.sweep_id,
        spec_hash=spec_hash,
        judge_hash=row.judge_hash,
        current=(spec_hash, row.judge_hash) == (sized.spec.sha256(), sized.judge_hash),
        evidence=Evidence.model_validate(row.evidence),
        device=row.device,
        versions=row.versions,
        seconds=row.seconds,
        created_at=row.created_at,
    )
