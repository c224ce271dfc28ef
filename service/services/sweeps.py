"""Submit, read, pause, resume and cancel sweeps.

Only rows are written here. The driver reads the requested states and acts on them.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy.orm import Session

from service import planner, spec
from service.lifecycle import ENDED, IllegalTransitionError, SweepState
from service.query.errors import PageTokenError
from service.query.page_tokens import read_token, write_token
from service.schemas.events import EventRead
from service.schemas.sweeps import SweepCounts, SweepDetail, SweepPage, SweepRead
from service.spec import Media
from service.store import WriteSession, events, sweeps, trials
from service.store.counts import Counts
from service.store.locks import lock_sweep
from service.store.models import Event, Sweep
from workers.contract import DatasetShape, Outcome

MAX_PAGE_SIZE = 1000


def submit(
    session: WriteSession,
    text: str | bytes,
    media: Media,
    *,
    idempotency_key: str | None,
    datasets: Mapping[str, DatasetShape],
    max_trials: int,
) -> SweepDetail:
    """Queue the sweep of a spec, or return the one that the same idempotency key made before.

    Args:
        session: The transaction; first used after the spec has passed all checks.
        text: The spec as it was sent.
        media: The spec's language.
        idempotency_key: Identifies repeated requests; None makes a new sweep in any case.
        datasets: Shapes of the data sets that the spec may name, by name.
        max_trials: The service's limit of trials per sweep; the spec may set a lower one.

    Raises:
        SpecError: The spec has issues, all of which the error lists; nothing is written.
        IdempotencyConflictError: The key made a sweep of another spec.
    """
    parsed = spec.parse(text, media)
    n_trials = planner.check(parsed, datasets, cap=max_trials)
    sweep = sweeps.insert(
        session,
        name=parsed.name,
        spec_text=text if isinstance(text, str) else text.decode(),
        spec_media=media,
        spec_hash=parsed.sha256(),
        n_trials=n_trials,
        priority=parsed.priority,
        tags=dict(parsed.tags),
        idempotency_key=idempotency_key,
    )
    return _detail(session, sweep)


def get(session: Session, sweep_id: UUID) -> SweepDetail:
    """Return a sweep with its spec.

    Raises:
        SweepNotFoundError: There is no such sweep.
    """
    return _detail(session, sweeps.get(session, sweep_id))


def page(
    session: Session, *, state: SweepState | None, page_size: int, page_token: str | None
) -> SweepPage:
    """Return a page of sweeps, newest first.

    Args:
        session: The transaction.
        state: Return sweeps in this state only; None returns all.
        page_size: Largest number of sweeps in the page, 1 to 1000.
        page_token: `next_page_token` of the previous page; None for the first page.

    Raises:
        PageTokenError: The token is not one of a list with this state.
    """
    query = {"list": "sweeps", "state": state}
    after = _cursor(query, page_token) if page_token else None
    where = [] if state is None else [Sweep.state == state]
    found = sweeps.page(session, after=after, limit=page_size, where=where)
    token = ""
    if found.next_cursor is not None:
        created_at, sweep_id = found.next_cursor
        token = write_token(query, [created_at.isoformat(), str(sweep_id)])
    return SweepPage(sweeps=_sweep_reads(session, found.items), next_page_token=token)


def cancel(session: WriteSession, sweep_id: UUID) -> SweepDetail:
    """Cancel a sweep: immediately if it does not run, else when its workers have stopped.

    Cancelling a cancelled sweep changes nothing.

    Raises:
        SweepNotFoundError: There is no such sweep.
        IllegalTransitionError: The sweep has ended in another state.
    """
    # Locked, so that the driver cannot claim the sweep between this check and the change.
    state = lock_sweep(session, sweep_id).state
    if state in (SweepState.CANCELLING, SweepState.CANCELLED):
        return get(session, sweep_id)
    if state in (SweepState.QUEUED, SweepState.PAUSED):
        trials.end_unfinished(session, sweep_id, Outcome.CANCELLED)
        return _move(session, sweep_id, SweepState.CANCELLED)
    if state in ENDED:
        raise IllegalTransitionError(state, SweepState.CANCELLED)
    return _move(session, sweep_id, SweepState.CANCELLING)


def pause(session: WriteSession, sweep_id: UUID) -> SweepDetail:
    """Pause a sweep: immediately if it does not run, else when its workers have stopped.

    Pausing a paused sweep changes nothing.

    Raises:
        SweepNotFoundError: There is no such sweep.
        IllegalTransitionError: The sweep has ended or is being cancelled.
    """
    state = lock_sweep(session, sweep_id).state
    if state in (SweepState.PAUSING, SweepState.PAUSED):
        return get(session, sweep_id)
    if state is SweepState.QUEUED:
        return _move(session, sweep_id, SweepState.PAUSED)
    return _move(session, sweep_id, SweepState.PAUSING)


def resume(session: WriteSession, sweep_id: UUID) -> SweepDetail:
    """Queue a paused sweep again; it continues with its unfinished trials.

    Resuming a sweep that is queued or running changes nothing.

    Raises:
        SweepNotFoundError: There is no such sweep.
        IllegalTransitionError: The sweep has ended or is being cancelled.
    """
    state = lock_sweep(session, sweep_id).state
    if state in (SweepState.QUEUED, SweepState.RUNNING):
        return get(session, sweep_id)
    # The table of transitions also allows ended sweeps to be queued, which is for retries alone.
    paused = frozenset({SweepState.PAUSED, SweepState.PAUSING})
    return _move(session, sweep_id, SweepState.QUEUED, allowed_from=paused)


def events_after(session: Session, sweep_id: UUID, last_id: int, limit: int) -> list[EventRead]:
    """Return the events of a sweep with an id above `last_id`, oldest first, at most `limit`.

    Raises:
        SweepNotFoundError: There is no such sweep.
    """
    sweeps.get(session, sweep_id)
    return [_event_read(event) for event in events.after(session, sweep_id, last_id, limit)]


def _move(
    session: WriteSession,
    sweep_id: UUID,
    to: SweepState,
    *,
    allowed_from: frozenset[SweepState] | None = None,
) -> SweepDetail:
    sweep = sweeps.move(session, sweep_id, to, allowed_from=allowed_from)
    events.append(session, sweep_id, "state", detail={"state": to.value})
    return _detail(session, sweep)


def _cursor(query: Mapping[str, str | None], token: str) -> tuple[datetime, UUID]:
    created_at, sweep_id = read_token(query, token, 2)
    try:
        created = datetime.fromisoformat(str(created_at))
        key = UUID(str(sweep_id))
    except ValueError as error:
        raise PageTokenError(token) from error
    # A token of this service has a time zone; this one was made by hand.
    if created.tzinfo is None:
        raise PageTokenError(token)
    return created.astimezone(UTC), key


def _sweep_reads(session: Session, rows: Iterable[Sweep]) -> tuple[SweepRead, ...]:
    listed = list(rows)
    tallies = sweeps.counts(session, [row.id for row in listed])
    return tuple(SweepRead.model_validate(_fields(row, tallies[row.id])) for row in listed)


def _detail(session: Session, row: Sweep) -> SweepDetail:
    tally = sweeps.counts(session, [row.id])[row.id]
    text = {"spec_text": row.spec_text, "spec_media": row.spec_media}
    return SweepDetail.model_validate({**_fields(row, tally), **text})


def _fields(row: Sweep, tally: Counts) -> Mapping[str, object]:
    by_outcome = {outcome.value: n for outcome, n in tally.outcomes.items()}
    return {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "n_trials": row.n_trials,
        "counts": SweepCounts(pending=tally.pending, running=tally.running, **by_outcome),
        "epochs_done": tally.epochs_done,
        "epochs_total": tally.epochs_total,
        "progress": _progress(row.state, tally),
        "eta_seconds": _eta_seconds(row),
        "priority": row.priority,
        "tags": row.tags,
        "spec_hash": row.spec_hash,
        "message": row.message,
        "created_at": row.created_at,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
    }


def _progress(state: SweepState, tally: Counts) -> float:
    if state in ENDED:
        return 1.0
    return tally.epochs_done / tally.epochs_total if tally.epochs_total else 0.0


def _eta_seconds(row: Sweep) -> float | None:
    if row.state is not SweepState.RUNNING or row.expected_end_at is None:
        return None
    return max(0.0, (row.expected_end_at - datetime.now(UTC)).total_seconds())


def _event_read(event: Event) -> EventRead:
    detail: dict[str, JsonValue] | None = event.detail
    return EventRead(
        id=event.id,
        sweep_id=event.sweep_id,
        trial_id=event.trial_id,
        kind=event.kind,
        detail=detail,
        at=event.at,
    )
