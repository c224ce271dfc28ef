"""Routes that list trials and return their curves and layer profiles."""

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
            "Selects trials. Comparisons of a column with a value (`= != < <= > >=`), "
            "`is null`, `is not null`, `in (...)` and `not in (...)`, joined by `and`, `or`, `not` "
            f"and parentheses; strings in quotes; at most {MAX_LENGTH} characters. "
            "A comparison is false where the column is empty (null), except `!=`, which is true."
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
    sweep_id: Annotated[UUID | None, Query(description="Only trials of this sweep.")] = None,
    filter_text: Annotated[Filter, Query(alias="filter")] = None,
    order_by: Annotated[
        str | None,
        Query(
            description=(
                "Column to sort by, with `-` before it for descending order; empty values come "
                "last. Default: the order in which the trials were planned."
            ),
            examples=["-final_train_error"],
            max_length=100,
        ),
    ] = None,
    fields: Annotated[
        str | None,
        Query(
            description="Columns to return besides `id`, separated by commas. Default: all.",
            examples=["depth,seed,final_train_error"],
            max_length=2000,
        ),
    ] = None,
    page_size: Annotated[
        int, Query(ge=1, le=trials.MAX_PAGE_SIZE, description="Largest number of trials in a page.")
    ] = 100,
    page_token: Annotated[
        str | None, Query(description="`next_page_token` of the previous page.", max_length=2000)
    ] = None,
) -> TrialPage:
    """List trials, of one sweep or of all.

    A page token is valid only with the `sweep_id`, `filter` and `order_by` of the request that
    returned it. While a sweep runs, a list ordered by a result can change between two pages.
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
    """Return a trial with its configuration, state and results."""
    return trials.get(session, trial_id)


@router.get("/{trial_id}/epochs", responses=problems(TrialNotFoundError))
def get_trial_curve(trial_id: UUID, session: ReadSession) -> EpochList:
    """Return the measurements of a trial by epoch; epoch 0 is the initial network."""
    return trials.curve(session, trial_id)


@router.get("/{trial_id}/layers", responses=problems(TrialNotFoundError))
def get_layer_profiles(
    trial_id: UUID,
    session: ReadSession,
    epoch: Annotated[
        int | None, Query(ge=0, le=2**31 - 1, description="Only the profile of this epoch.")
    ] = None,
) -> LayerList:
    """Return a trial's layer profiles, and the prediction for its initial network.

    A profile is recorded at each epoch listed in the spec's `profiles.epochs`. A trial that is
    still running, or that ended early, has the profiles of the epochs that it reached.
    """
    return layers.profiles(session, trial_id, epoch)
