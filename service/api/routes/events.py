"""The route that streams a sweep's events; the only one that keeps its connection open."""

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

# Polled, because events are written by other processes, and SQLite cannot notify.
POLL_SECONDS = 0.5
_BATCH = 500
# Ids are 64-bit integers; the database would refuse a larger number with an error.
_LAST_ID = Header(ge=0, lt=2**63, description="Send only events with a larger id; 0 sends all.")


def _existing_sweep_id(sweep_id: UUID, session: ReadSession) -> UUID:
    """Return the id of a sweep that exists.

    A dependency, so that an unknown sweep is a 404: once a stream has begun, its status is sent.
    """
    return sweeps.get(session, sweep_id).id


@router.get(
    "/{sweep_id}/events",
    response_class=EventSourceResponse,
    responses=problems(SweepNotFoundError),
)
async def stream_events(
    request: Request,
    sweep_id: Annotated[UUID, Depends(_existing_sweep_id)],
    last_event_id: Annotated[int, _LAST_ID] = 0,
) -> AsyncIterator[ServerSentEvent]:
    """Stream the events of a sweep as server-sent events, until it has ended.

    Each event has an id; send the last one as `Last-Event-ID` to continue after it. In between,
    whenever the sweep changes, a `progress` event without an id has the sweep as
    `GET /v1/sweeps` lists it.
    """
    dependencies = dependencies_of(request)
    sent: SweepRead | None = None
    while True:
        events, sweep = await run_in_threadpool(_read_state, dependencies, sweep_id, last_event_id)
        for event in events:
            last_event_id = event.id
            yield ServerSentEvent(data=event, event=event.kind, id=str(event.id))
        # A full batch may not have all events yet, and the sweep is newer than what was sent.
        if len(events) == _BATCH:
            continue
        if sweep != sent:
            sent = sweep
            yield ServerSentEvent(data=sweep, event="progress")
        if sweep.state in ENDED:
            return
        await anyio.sleep(POLL_SECONDS)


def _read_state(
    dependencies: Dependencies, sweep_id: UUID, last_id: int
) -> tuple[Sequence[EventRead], SweepRead]:
    # A session for each poll: a stream may last for days, and would hold a connection so long.
    with dependencies.database.read() as session:
        events = sweeps.events_after(session, sweep_id, last_id, _BATCH)
        detail: SweepDetail = sweeps.get(session, sweep_id)
    # Without the spec, which never changes and may be long.
    spec = {"spec_text", "spec_media"}
    return events, SweepRead.model_validate(detail.model_dump(exclude=spec))
