"""Read trials, page by page or one at a time, and their curves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.orm import Session

from service.query.columns import FIELDS, LEAVES, attribute, read_names
from service.query.conditions import trial_conditions
from service.query.ordering import read_order
from service.query.page_tokens import read_token, write_token
from service.schemas.epochs import EpochList, EpochRead
from service.schemas.trials import TrialPage, TrialRead
from service.store import epochs, sweeps, trials
from service.store.errors import TrialNotFoundError
from service.store.models import Configuration, Trial
from workers.contract.leaves import leaves

MAX_PAGE_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialQuery:
    """The parameters of a list of trials.

    Attributes:
        sweep_id: Sweep of the trials; None for all sweeps.
        filter: Filter expression that the trials satisfy; None for all trials.
        order_by: Column to sort by, ``-`` before it for descending; None for planning order.
        fields: Columns to return, separated by commas; None for all columns.
        page_size: Largest number of trials in the page, 1 to 1000.
        page_token: `next_page_token` of the previous page; None for the first page.
    """

    sweep_id: UUID | None = None
    filter: str | None = None
    order_by: str | None = None
    fields: str | None = None
    page_size: int = 100
    page_token: str | None = None

    @property
    def identity(self) -> Mapping[str, str | None]:
        """The parameters that a page token is bound to: they must not change between pages."""
        return {
            "list": "trials",
            "sweep_id": str(self.sweep_id),
            "filter": self.filter,
            "order_by": self.order_by,
        }


def page(session: Session, query: TrialQuery) -> TrialPage:
    """Return a page of trials.

    Raises:
        SweepNotFoundError: There is no such sweep.
        QueryError: The filter, order, fields or token is invalid; `parameter` says which.
    """
    if query.sweep_id is not None:
        sweeps.get(session, query.sweep_id)
    order = read_order(query.order_by)
    names = _field_names(query.fields)
    where = trial_conditions(query.sweep_id, query.filter)
    if query.page_token is not None:
        token = read_token(query.identity, query.page_token, order.key_length)
        where.append(order.after(token, query.page_token))
    statement = (
        _statement_of(names)
        .add_columns(*order.columns)
        .where(*where)
        .order_by(*order.clauses)
        # One row more than the page shows whether another page follows.
        .limit(query.page_size + 1)
    )
    rows = session.execute(statement).all()
    shown = rows[: query.page_size]
    token_text = ""
    if len(rows) > query.page_size:
        token_text = write_token(query.identity, order.key(shown[-1][-order.key_length :]))
    return TrialPage(
        trials=tuple(_trial_read(names, row) for row in shown), next_page_token=token_text
    )


def get(session: Session, trial_id: UUID) -> TrialRead:
    """Return a trial.

    Raises:
        TrialNotFoundError: There is no such trial.
    """
    row = session.execute(_statement_of(FIELDS).where(Trial.id == trial_id)).one_or_none()
    if row is None:
        raise TrialNotFoundError(trial_id)
    return _trial_read(FIELDS, row)


def _statement_of(names: Sequence[str]) -> Select[Any]:  # Any: columns of many types
    """Return a SELECT of fields, preceded by the whole configuration if one of them is a leaf."""
    columns = [attribute(name) for name in names if name not in LEAVES]
    if any(name in LEAVES for name in names):
        # Python reads numbers inside JSON to the last bit; databases need not.
        columns.insert(0, attribute("configuration"))
    join = Configuration.id == Trial.configuration_id
    return select(*columns).select_from(Trial).join(Configuration, join)


def _trial_read(names: Sequence[str], row: Row[Any]) -> TrialRead:
    values = iter(row)
    in_json = leaves(next(values)) if any(name in LEAVES for name in names) else {}
    fields = {name: in_json.get(name) if name in LEAVES else next(values) for name in names}
    return TrialRead(**fields)


def curve(session: Session, trial_id: UUID) -> EpochList:
    """Return the measurements of a trial by epoch.

    Raises:
        TrialNotFoundError: There is no such trial.
    """
    trials.get(session, trial_id)
    rows = tuple(EpochRead.model_validate(row) for row in epochs.curve(session, trial_id))
    return EpochList(trial_id=trial_id, epochs=rows)


def _field_names(fields: str | None) -> Sequence[str]:
    if fields is None:
        return FIELDS
    # Always with the id, without which a row could not be looked up.
    return tuple(dict.fromkeys(("id", *read_names("fields", fields, FIELDS))))
