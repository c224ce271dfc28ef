"""Routes of trials."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from service.api.dependencies import ReadSession
from service.api.problems import problems
from service.query.errors import FilterError, PageTokenError, UnknownNameError
from service.query.filters import MAX_LENGTH
from service.schemas.epochs import EpochList
from service.schemas.layers import LayerList
from service.schemas.trials import TrialPage, TrialRead
from service.services import layers, trials
from service.services.trials import TrialQuery
from service.store.errors import SweepNotFoundError, TrialNotFoundError

router = APIRouter(prefix="/v1/trials", tags=["trials"])

Filter = Annotated[
    str | None,
    Query(
        description=(
            "Which trials: comparisons of a column with a value (`= != < <= > >=`), "
            "`is null`, `is not null`, `in (...)`, joined by `and`, `or`, `not` and "
            f"parentheses; strings in quotes; at most {MAX_LENGTH} characters. "
            "A comparison with an empty value is false, except `!=`."
        ),
        examples=['depth >= 100 and (g_relative = 1 or outcome = "diverged")'],
    ),
]


@router.get(
    "",
    response_model_exclude_unset=True,
    responses=problems(SweepNotFoundError, FilterError, UnknownNameError, PageTokenError),
)
def list_trials(
    session: ReadSession,
    sweep_id: Annotated[UUID | None, Query(description="Only this sweep's.")] = None,
    filter_text: Annotated[Filter, Query(alias="filter")] = None,
    order_by: Annotated[
        str | None,
        Query(
            description=(
                "A column, `-` before it for descending; empty values come last. "
                "By default in planning order."
            ),
            examples=["-final_train_error"],
            max_length=100,
        ),
    ] = None,
    fields: Annotated[
        str | None,
        Query(
            description="Columns to return, separated by commas; all by default.",
            examples=["depth,seed,final_train_error"],
            max_length=2000,
        ),
    ] = None,
    page_size: Annotated[int, Query(ge=1, le=trials.MAX_PAGE_SIZE)] = 100,
    page_token: Annotated[
        str | None, Query(description="`next_page_token` of the page before.", max_length=2000)
    ] = None,
) -> TrialPage:
    """List trials.

    A page token is good for the same `sweep_id`, `filter` and `order_by` only. While a sweep
    runs, a list ordered by a result can shift between two pages.
    """
    query = TrialQuery(
        sweep_id=sweep_id,
        filter=filter_text,
        order_by=order_by,
        fields=fields,
        page_size=page_size,
        page_token=page_token or None,
    )
    return trials.page(session, query)


@router.get("/{trial_id}", responses=problems(TrialNotFoundError))
def get_trial(trial_id: UUID, session: ReadSession) -> TrialRead:
    """Return a trial."""
    return trials.get(session, trial_id)


@router.get("/{trial_id}/epochs", responses=problems(TrialNotFoundError))
def get_epochs(trial_id: UUID, session: ReadSession) -> EpochList:
    """Return what a trial measured, by epoch; epoch 0 is the initial network."""
    return trials.curve(session, trial_id)


@router.get("/{trial_id}/layers", responses=problems(TrialNotFoundError))
def get_layers(
    trial_id: UUID,
    session: ReadSession,
    epoch: Annotated[
        int | None, Query(ge=0, le=2**31 - 1, description="Only this epoch's profile.")
    ] = None,
) -> LayerList:
    """Return a trial's layer profiles, and what theory predicts for its initial network.

    The spec's `profiles.epochs` says which epochs have one; a trial that runs, or that ended
    early, has those that it came to.
    """
    return layers.profiles(session, trial_id, epoch)
