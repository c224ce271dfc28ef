"""Turn errors into RFC 9457 problem+json responses with a stable code and the input's issues."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from rwinit import ArgumentError, GainNotFoundError
from service.api.errors import BodyTooLargeError, UnsupportedMediaError
from service.claims.errors import (
    ClaimFileError,
    ClaimNotFoundError,
    NotTheClaimsSweepError,
    SweepNotCompletedError,
)
from service.lifecycle import IllegalTransitionError
from service.query.errors import FilterError, PageTokenError, QueryError, UnknownNameError
from service.schemas.problems import Problem, ProblemIssue
from service.spec import SpecError, SpecIssue
from service.store.errors import (
    IdempotencyConflictError,
    SchemaOutOfDateError,
    SweepNotFoundError,
    TrialNotFoundError,
)

MEDIA_TYPE = "application/problem+json"
_RETRY_SECONDS = "5"
# Code of an error that nobody foresaw; its text may hold anything.
_UNKNOWN = "internal_error"
# An invalid value can be as large as a whole body; its beginning is enough to find it.
_MAX_GIVEN = 80


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """Form of one class of errors in responses.

    Attributes:
        status: HTTP status.
        code: Stable name of the problem, for programs.
        title: Name of the problem, for people.
    """

    status: int
    code: str
    title: str


PROBLEM_KINDS: Mapping[type[Exception], ProblemKind] = {
    SpecError: ProblemKind(422, "spec_refused", "The spec has issues"),
    SweepNotFoundError: ProblemKind(404, "sweep_not_found", "No such sweep"),
    TrialNotFoundError: ProblemKind(404, "trial_not_found", "No such trial"),
    IdempotencyConflictError: ProblemKind(
        409, "idempotency_key_reused", "The Idempotency-Key belongs to another spec"
    ),
    IllegalTransitionError: ProblemKind(
        409, "transition_refused", "The sweep's state forbids this"
    ),
    ClaimNotFoundError: ProblemKind(404, "claim_not_found", "No such claim"),
    NotTheClaimsSweepError: ProblemKind(
        409, "not_the_claims_sweep", "The sweep has another spec than the claim"
    ),
    SweepNotCompletedError: ProblemKind(409, "sweep_not_completed", "The sweep has not completed"),
    ClaimFileError: ProblemKind(500, "claim_file_refused", "A claim's file cannot be read"),
    FilterError: ProblemKind(422, FilterError.code, "The filter cannot be read"),
    UnknownNameError: ProblemKind(422, UnknownNameError.code, "Unknown name in the query"),
    PageTokenError: ProblemKind(
        422, PageTokenError.code, "The page token belongs to another query"
    ),
    QueryError: ProblemKind(422, QueryError.code, "The query is malformed"),
    RequestValidationError: ProblemKind(422, "request_invalid", "The request is malformed"),
    BodyTooLargeError: ProblemKind(413, "body_too_large", "The body is too large"),
    UnsupportedMediaError: ProblemKind(
        415, "unsupported_media_type", "The body is of another type"
    ),
    ArgumentError: ProblemKind(422, "argument_invalid", "An argument is not allowed"),
    GainNotFoundError: ProblemKind(422, "gain_not_found", "No g leaves this walk without drift"),
    SchemaOutOfDateError: ProblemKind(503, "schema_out_of_date", "The database needs a migration"),
    OperationalError: ProblemKind(503, "database_unavailable", "The database does not answer"),
    InterfaceError: ProblemKind(503, "database_unavailable", "The database does not answer"),
    PoolTimeoutError: ProblemKind(503, "database_unavailable", "The database does not answer"),
    Exception: ProblemKind(500, _UNKNOWN, "The service failed"),
}
# The texts of these errors contain SQL and connection details, which clients must not see.
_WITHOUT_DETAIL = (OperationalError, InterfaceError, PoolTimeoutError)


def problem_response(
    kind: ProblemKind, detail: str, issues: tuple[ProblemIssue, ...] = ()
) -> JSONResponse:
    """Return the problem+json response of an error."""
    problem = Problem(
        type=f"urn:fathom:problem:{kind.code}",
        title=kind.title,
        status=kind.status,
        detail=detail,
        code=kind.code,
        errors=issues,
    )
    headers = (
        {"Retry-After": _RETRY_SECONDS} if kind.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    )
    return JSONResponse(
        problem.model_dump(mode="json"), kind.status, headers=headers, media_type=MEDIA_TYPE
    )


def problems(*errors: type[Exception]) -> dict[int | str, dict[str, object]]:
    """Return the ``responses`` of a route that may answer with these errors, for OpenAPI."""
    kinds: dict[int, list[ProblemKind]] = {}
    # Every route that parses parameters and uses the database can answer the last two.
    for error in (*errors, RequestValidationError, OperationalError):
        kinds.setdefault(PROBLEM_KINDS[error].status, []).append(PROBLEM_KINDS[error])
    return {
        status: {
            "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in listed),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status, listed in sorted(kinds.items())
    }


def install(app: FastAPI) -> None:
    """Register the handlers that answer every error of an application as a problem."""
    for error, kind in PROBLEM_KINDS.items():
        app.add_exception_handler(error, _handler(kind))
    app.add_exception_handler(HTTPException, _http_handler)


def _handler(kind: ProblemKind) -> Callable[[Request, Exception], JSONResponse]:
    def handle(request: Request, error: Exception) -> JSONResponse:
        if kind.code == _UNKNOWN:
            return problem_response(kind, "the log of the service has the details")
        if isinstance(error, _WITHOUT_DETAIL):
            return problem_response(kind, "try again in a moment")
        issues = _issues(error)
        return problem_response(kind, _detail(error, len(issues)), issues)

    return handle


def _detail(error: Exception, n_issues: int) -> str:
    if isinstance(error, SpecError):
        return f"{n_issues} issue{'' if n_issues == 1 else 's'}; nothing was stored"
    if isinstance(error, RequestValidationError):
        return f"{n_issues} issue{'' if n_issues == 1 else 's'} in the request"
    return str(error)


def _issues(error: Exception) -> tuple[ProblemIssue, ...]:
    if isinstance(error, SpecError | ClaimFileError):
        return tuple(_spec_issue(issue) for issue in error.issues)
    if isinstance(error, QueryError):
        return (ProblemIssue(path=error.parameter, given=error.given, message=error.message),)
    if isinstance(error, ArgumentError):
        given = repr(error.given)[:_MAX_GIVEN]
        return (ProblemIssue(path=error.name, given=given, message=f"must be {error.allowed}"),)
    if isinstance(error, GainNotFoundError):
        return (ProblemIssue(path="activation", given=repr(error.activation), message=str(error)),)
    if isinstance(error, RequestValidationError):
        return tuple(
            ProblemIssue(
                # The first part of loc is the place: query, path, header or body.
                path=".".join(str(part) for part in detail["loc"][1:]),
                given=repr(detail.get("input"))[:_MAX_GIVEN],
                message=str(detail["msg"]),
            )
            for detail in error.errors()
        )
    return ()


def _spec_issue(issue: SpecIssue) -> ProblemIssue:
    return ProblemIssue(path=issue.path, given=issue.given, message=issue.message)


def _http_handler(request: Request, error: Exception) -> JSONResponse:
    """Return the problem of an error that the framework raises: no such route or method."""
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    kind = ProblemKind(
        error.status_code, phrase.lower().replace(" ", "_").replace("-", "_"), phrase
    )
    response = problem_response(kind, f"{request.method} {request.url.path}: {error.detail}")
    response.headers.update(error.headers or {})
    return response
