"""Routes of sweeps."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response, status

from service.api.body import SpecBody
from service.api.dependencies import ReadSession, RequestParts, WriteSession
from service.api.errors import BodyTooLargeError, UnsupportedMediaError
from service.api.problems import problems
from service.api.spec_document import SPEC_BODY
from service.lifecycle import IllegalTransitionError, SweepState
from service.query.errors import PageTokenError
from service.schemas.preview import Preview
from service.schemas.sweeps import SweepDetail, SweepPage
from service.services import preview, sweeps
from service.spec import SpecError
from service.store.errors import IdempotencyConflictError, SweepNotFoundError

router = APIRouter(prefix="/v1/sweeps", tags=["sweeps"])

_TOKEN = Query(description="`next_page_token` of the page before.", max_length=2000)
_CHANGES = problems(SweepNotFoundError, IllegalTransitionError)


@router.post(
    "",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(
        SpecError, IdempotencyConflictError, BodyTooLargeError, UnsupportedMediaError
    ),
    openapi_extra=SPEC_BODY,
)
def submit_sweep(
    body: SpecBody,
    parts: RequestParts,
    session: WriteSession,
    response: Response,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="Repeat a request with the same key and body, and it makes one sweep.",
        ),
    ] = None,
) -> SweepDetail:
    """Queue a sweep.

    The body is the spec, as YAML 1.2 or JSON. A refused spec is answered with all its issues,
    and nothing is stored. Once answered, the sweep is committed; a driver starts it.
    """
    sweep = sweeps.submit(
        session,
        body.content,
        body.media,
        idempotency_key=idempotency_key,
        datasets=parts.datasets(),
        max_trials=parts.max_trials,
    )
    response.headers["Location"] = f"/v1/sweeps/{sweep.id}"
    return sweep


@router.post(
    "/preview",
    responses=problems(SpecError, BodyTooLargeError, UnsupportedMediaError),
    openapi_extra=SPEC_BODY,
)
def preview_sweep(body: SpecBody, parts: RequestParts, session: ReadSession) -> Preview:
    """Tell what a sweep would run and take, and which of its networks theory expects to fail.

    The body is that of a submission, and nothing is stored. Walks of linear, ReLU and leaky ReLU
    networks are exact and come at once. Others are simulated in the background the first time
    that they are asked for: they are `pending`, and there when the preview is asked for again.
    """
    return preview.preview(
        session,
        body.content,
        body.media,
        datasets=parts.datasets(),
        max_trials=parts.max_trials,
        simulations=parts.simulations,
    )


@router.get("", responses=problems(PageTokenError))
def list_sweeps(
    session: ReadSession,
    state: Annotated[SweepState | None, Query(description="Only sweeps in this state.")] = None,
    page_size: Annotated[int, Query(ge=1, le=sweeps.MAX_PAGE_SIZE)] = 50,
    page_token: Annotated[str | None, _TOKEN] = None,
) -> SweepPage:
    """List sweeps, newest first."""
    return sweeps.page(session, state=state, page_size=page_size, page_token=page_token or None)


@router.get("/{sweep_id}", responses=problems(SweepNotFoundError))
def get_sweep(sweep_id: UUID, session: ReadSession) -> SweepDetail:
    """Return a sweep, how far it is, and its spec as sent."""
    return sweeps.get(session, sweep_id)


@router.post("/{sweep_id}/cancel", responses=_CHANGES)
def cancel_sweep(sweep_id: UUID, session: WriteSession) -> SweepDetail:
    """Ask a sweep to end; what it has measured stays.

    A sweep that runs is `cancelling` until its workers have stopped. Asking twice is harmless.
    """
    return sweeps.cancel(session, sweep_id)


@router.post("/{sweep_id}/pause", responses=_CHANGES)
def pause_sweep(sweep_id: UUID, session: WriteSession) -> SweepDetail:
    """Ask a sweep to stop for now.

    A sweep that runs is `pausing` until its workers have stopped. Asking twice is harmless.
    """
    return sweeps.pause(session, sweep_id)


@router.post("/{sweep_id}/resume", responses=_CHANGES)
def resume_sweep(sweep_id: UUID, session: WriteSession) -> SweepDetail:
    """Queue a paused sweep again; it goes on with its unfinished trials."""
    return sweeps.resume(session, sweep_id)
