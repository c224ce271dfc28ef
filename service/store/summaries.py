"""Update the rows of trials from reports: state, outcome, final and best measures."""

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any, cast

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Table,
    Update,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.types import TypeEngine

from service.lifecycle import TrialState
from service.store.column_types import FiniteFloat, database_now
from service.store.database import WriteSession
from service.store.models import Trial
from service.store.trial_states import is_unfinished
from workers.contract import EpochRecord, InitialWalk, TrialEnd, TrialStart

# The table rather than the class: the ORM runs an UPDATE with many parameter sets more slowly.
# A cast because the attribute is typed for mapped subqueries as well.
_TRIALS = cast(Table, Trial.__table__)

# `attrgetter` because a batch has thousands of records, and a loop in Python is slower.
_EPOCH, _SECONDS = attrgetter("epoch"), attrgetter("seconds")
_MEASURES = {
    name: attrgetter(name) for name in ("train_loss", "train_error", "eval_loss", "eval_error")
}


def start(session: WriteSession, starts: Sequence[TrialStart]) -> None:
    """Mark trials that are not done as running, with the worker that runs each.

    Args:
        session: The transaction.
        starts: At most one for each trial.
    """
    _run(
        session,
        _update_unfinished().values(
            state=TrialState.RUNNING,
            host=bindparam("new_host"),
            device=bindparam("new_device"),
            versions=bindparam("new_versions"),
            started_at=func.coalesce(Trial.started_at, database_now()),
        ),
        [
            {
                "trial": start.trial_id,
                "new_host": start.host,
                "new_device": start.device,
                "new_versions": start.versions,
            }
            for start in starts
        ],
    )


def record_walks(session: WriteSession, walks: Sequence[InitialWalk]) -> None:
    """Store the initial walks of trials that are not done.

    The walk is a function of the trial's spec, so that a second report changes nothing.
    """
    _run(
        session,
        _update_unfinished().values(
            walk_init=bindparam("new_walk_init", type_=FiniteFloat()),
            z_init=bindparam("new_z_init", type_=FiniteFloat()),
        ),
        [
            {"trial": walk.trial_id, "new_walk_init": walk.walk_init, "new_z_init": walk.z_init}
            for walk in walks
        ],
    )


def add_epochs(session: WriteSession, curves: Sequence[Sequence[EpochRecord]]) -> None:
    """Update the measures in trials' rows by new epochs.

    Args:
        session: The transaction.
        curves: Records that had no row before, in a list for each trial; no list is empty.
    """
    changes = [_summary(records) for records in curves]
    if changes and session.get_bind().dialect.name == "postgresql":
        # One statement for all trials: a thousand small ones take the server ten times as long.
        columns = {name: [change[name] for change in changes] for name in changes[0]}
        session.connection().execute(_ADD_TOGETHER, columns)
    else:
        _run(session, _ADD, changes)


def end(session: WriteSession, ends: Sequence[TrialEnd]) -> None:
    """Set the outcomes of trials; of two ends of one trial the first counts."""
    _run(
        session,
        _update_unfinished().values(
            state=TrialState.DONE,
            outcome=bindparam("new_outcome"),
            diverged_epoch=bindparam("new_diverged_epoch"),
            diverged_step=bindparam("new_diverged_step"),
            message=bindparam("new_message"),
            ended_at=database_now(),
        ),
        [
            {
                "trial": end.trial_id,
                "new_outcome": end.outcome,
                "new_diverged_epoch": end.diverged_epoch,
                "new_diverged_step": end.diverged_step,
                "new_message": end.message,
            }
            for end in ends
        ],
    )


def _run(
    session: WriteSession, statement: Update, parameters: Sequence[Mapping[str, object]]
) -> None:
    if parameters:
        session.connection().execute(statement, parameters)


def _update_unfinished() -> Update:
    """Return an UPDATE of one trial, which leaves a done one as it is."""
    return update(_TRIALS).where(_TRIALS.c.id == bindparam("trial"), is_unfinished(_TRIALS.c.state))


def _summary(records: Sequence[EpochRecord]) -> Mapping[str, object]:
    """Return the parameters by which new epochs of one trial change its row."""
    last = max(records, key=_EPOCH)
    changes: dict[str, object] = {
        "trial": last.trial_id,
        "last_epoch": last.epoch,
        "more_seconds": sum(map(_SECONDS, records)),
    }
    for measure, field in _MEASURES.items():
        values = [value for value in map(field, records) if value is not None]
        changes[f"last_{measure}"] = field(last)
        changes[f"least_{measure}"] = min(values, default=None)
    return changes


_TYPES: Mapping[str, TypeEngine[Any]] = {
    "trial": _TRIALS.c.id.type,
    "last_epoch": _TRIALS.c.epochs_done.type,
    "more_seconds": FiniteFloat(),
    **{f"{which}_{measure}": FiniteFloat() for which in ("last", "least") for measure in _MEASURES},
}


def _adding(new: Mapping[str, ColumnElement[Any]]) -> Update:
    """Return the UPDATE of a trial's row by the values of `_summary`, given as SQL expressions."""
    epoch = new["last_epoch"]
    is_later = or_(_TRIALS.c.epochs_done.is_(None), _TRIALS.c.epochs_done < epoch)
    values: dict[str, object] = {
        "epochs_done": case((is_later, epoch), else_=_TRIALS.c.epochs_done),
        "seconds": _TRIALS.c.seconds + new["more_seconds"],
    }
    for measure in _MEASURES:
        final, best = _TRIALS.c[f"final_{measure}"], _TRIALS.c[f"best_{measure}"]
        least = new[f"least_{measure}"]
        values[final.key] = case((is_later, new[f"last_{measure}"]), else_=final)
        # A CASE, because the databases differ: SQLite's min(a, b) is NULL if one value is,
        # PostgreSQL's least(a, b) is the other value.
        values[best.key] = case((or_(best.is_(None), least < best), least), else_=best)
    return (
        update(_TRIALS)
        .where(_TRIALS.c.id == new["trial"], is_unfinished(_TRIALS.c.state))
        .values(values)
    )


def _arrays() -> Mapping[str, ColumnElement[Any]]:
    """Return the columns of a subquery that unpacks one array for each value of `_summary`."""
    arrays = (
        func.unnest(bindparam(name, type_=ARRAY(kind, dimensions=1))).label(name)
        for name, kind in _TYPES.items()
    )
    return dict(select(*arrays).subquery("new").c.items())


_ADD = _adding({name: bindparam(name, type_=kind) for name, kind in _TYPES.items()})
_ADD_TOGETHER = _adding(_arrays())
