"""Routes of claims and their judgements."""

from fastapi import APIRouter

from service.api.dependencies import AppDependencies, ReadSession, WriteSession
from service.api.problems import problems
from service.claims.errors import (
    ClaimFileError,
    ClaimNotFoundError,
    NotTheClaimsSweepError,
    SweepNotCompletedError,
)
from service.schemas.claims import ClaimDetail, ClaimList, JudgementRead, JudgementRequest
from service.services import claims
from service.store.errors import SweepNotFoundError

router = APIRouter(prefix="/v1/claims", tags=["claims"])


@router.get("", responses=problems(ClaimFileError))
def list_claims(dependencies: AppDependencies, session: ReadSession) -> ClaimList:
    """List the claims that sweeps can judge, with the newest judgement of each size."""
    return claims.list_claims(session, dependencies.claims())


@router.get("/{name}", responses=problems(ClaimFileError, ClaimNotFoundError))
def get_claim(name: str, dependencies: AppDependencies, session: ReadSession) -> ClaimDetail:
    """Return a claim with the spec and the rule of each size, and its newest judgements."""
    return claims.get(session, dependencies.claims(), name)


@router.post(
    "/{name}/judgements",
    responses=problems(
        ClaimFileError,
        ClaimNotFoundError,
        SweepNotFoundError,
        NotTheClaimsSweepError,
        SweepNotCompletedError,
    ),
)
def judge_claim(
    name: str,
    request: JudgementRequest,
    dependencies: AppDependencies,
    session: ReadSession,
    write_session: WriteSession,
) -> JudgementRead:
    """Judge a claim by the trials of a completed sweep, and store the judgement.

    The sweep must have been submitted with the spec that the claim has at one of its sizes. The
    same trials and the same rule give the same judgement: a repeated call returns the stored one.
    """
    known = dependencies.claims()
    values = claims.examine(
        session, known, name, request.sweep_id, datasets=dependencies.datasets()
    )
    return claims.store(write_session, known, values)
