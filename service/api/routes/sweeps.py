"""Routes that submit, preview, list and control sweeps."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Header, Query, Response, status

from service.api.body import SpecBody
from service.api.dependencies import AppDependencies, ReadSession, WriteSession
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

_TOKEN = Query(description="`next_page_token` of the previous page.", max_length=2000)
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
    dependencies: AppDependencies,
    session: WriteSession,
    response: Response,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description=(
                "A unique key of your choice. Requests with the same key and body make one sweep, "
                "so that a request can be repeated safely."
            ),
        ),
    ] = None,
) -> SweepDetail:
    """Queue a sweep.

    The body is the spec, as YAML 1.2 or JSON. If it is invalid, the response lists all its issues
    and nothing is stored. A 202 means that the sweep is committed; a driver will start it.
    """
    sweep = sweeps.submit(
        session,
        body.content,
        body.media,
        idempotency_key=idempotency_key,
        datasets=dependencies.datasets(),
        max_trials=dependencies.max_trials,
    )
    response.headers["Location"] = f"/v1/sweeps/{sweep.id}"
    return sweep


@router.post(
    "/preview",
    responses=problems(SpecError, BodyTooLargeError, UnsupportedMediaError),
    openapi_extra=SPEC_BODY,
)
def preview_sweep(body: SpecBody, dependencies: AppDependencies, session: ReadSession) -> Preview:
    """Return the trials and the cost of a sweep, and the networks that theory expects to fail.

    The body is a spec, as for a submission; nothing is stored. Predictions for linear, ReLU and
    leaky ReLU networks are exact and immediate. Those of other activations are simulated in the
    background: they are `pending` at first, so repeat the request until `n_pending` is 0. A kind
    of network without a known law has no prediction, and a `remark` that says so.
    """
    return preview.preview(
        session,
        body.content,
        body.media,
        datasets=dependencies.datasets(),
        max_trials=dependencies.max_trials,
        simulations=dependencies.simulations,
    )


@router.get("", responses=problems(PageTokenError))
def list_sweeps(
    session: ReadSession,
    state: Annotated[SweepState | None, Query(description="Only sweeps in this state.")] = None,
    page_size: Annotated[
        int, Query(ge=1, le=sweeps.MAX_PAGE_SIZE, description="Largest number of sweeps in a page.")
    ] = 50,
    page_token: Annotated[str | None, _TOKEN] = None,
) -> SweepPage:
    """List sweeps, newest first."""
    # An empty token, which is that of the last page, starts again at the first one.
    return sweeps.page(session, state=state, page_size=page_size, page_token=page_token or None)


@router.get("/{sweep_id}", responses=problems(SweepNotFoundError))
def get_sweep(sweep_id: UUID, session: ReadSession) -> SweepDetail:
    """Return a sweep with its progress and the spec as it was sent."""
    return sweeps.get(session, sweep_id)


@router.post("/{sweep_id}/cancel", responses=_CHANGES)
def cancel_sweep(sweep_id: UUID, session: WriteSession) -> SweepDetail:
    """Cancel a sweep; results measured so far are kept.

    A running sweep is `cancelling` until its workers have stopped. A repeated call has no effect.
    """
    return sweeps.cancel(session, sweep_id)


@router.post("/{sweep_id}/pause", responses=_CHANGES)
def pause_sweep(sweep_id: UUID, session: WriteSession) -> SweepDetail:
    """Pause a sweep; results measured so far are kept.

    A running sweep is `pausing` until its workers have stopped. A repeated call has no effect.
    """
    return sweeps.pause(session, sweep_id)


@router.post("/{sweep_id}/resume", responses=_CHANGES)
def resume_sweep(sweep_id: UUID, session: WriteSession) -> SweepDetail:
    """Queue a paused sweep again; it continues with its unfinished trials."""
    return sweeps.resume(session, sweep_id)
