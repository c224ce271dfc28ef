"""The stream of a sweep's events, the one route that waits."""

from collections.abc import AsyncIterator, Sequence
from typing import Annotated
from uuid import UUID

import anyio
from fastapi import APIRouter, Depends, Header, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent

from service.api.dependencies import Dependencies, ReadSession, dependencies_of
from service.api.problems import problems
from service.lifecycle import ENDED
from service.schemas.events import EventRead
from service.schemas.sweeps import SweepDetail, SweepRead
from service.services import sweeps
from service.store.errors import SweepNotFoundError

router = APIRouter(prefix="/v1/sweeps", tags=["sweeps"])

POLL_SECONDS = 0.5
_BATCH = 500
# Ids are 64-bit; a larger number would not be one of this service's.
_LAST_ID = Header(ge=0, lt=2**63, description="Go on behind the event of this id.")


def _known_sweep(sweep_id: UUID, session: ReadSession) -> UUID:
    """Refuse an unknown sweep while an error can still be told: before the stream begins."""
    return sweeps.get(session, sweep_id).id


@router.get(
    "/{sweep_id}/events",
    response_class=EventSourceResponse,
    responses=problems(SweepNotFoundError),
)
async def stream_events(
    request: Request,
    sweep_id: Annotated[UUID, Depends(_known_sweep)],
    last_event_id: Annotated[int, _LAST_ID] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """Stream what happens to a sweep, until it has ended (server-sent events).

    Events of the sweep carry ids, and `Last-Event-ID` goes on behind one. Between them,
    `progress` events without an id carry the sweep as `GET /v1/sweeps/{id}` would, whenever it
    has changed.
    """
    dependencies = dependencies_of(request)
    told: SweepRead | None = None
    while True:
        events, sweep = await run_in_threadpool(_look, dependencies, sweep_id, last_event_id)
        for event in events:
            last_event_id = event.id
            yield ServerSentEvent(data=event, event=event.kind, id=str(event.id))
        if len(events) == _BATCH:
            continue
        if sweep != told:
            told = sweep
            yield ServerSentEvent(data=sweep, event="progress")
        if sweep.state in ENDED:
            return
        await anyio.sleep(POLL_SECONDS)


def _look(
    dependencies: Dependencies, sweep_id: UUID, last_id: int
) -> tuple[Sequence[EventRead], SweepRead]:
    # The session is closed again at once: a stream may last for days.
    with dependencies.database.read() as session:
        events = sweeps.events_after(session, sweep_id, last_id, _BATCH)
        detail: SweepDetail = sweeps.get(session, sweep_id)
    spec = {"spec_text", "spec_media"}
    return events, SweepRead.model_validate(detail.model_dump(exclude=spec))
