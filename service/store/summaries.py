"""What a trial's row tells of its run: where it stands, and its final and best numbers."""

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

# The table itself, since the ORM has its own, slower idea of an UPDATE with many parameter sets.
# A cast because the attribute is typed for mapped subqueries as well.
_TRIALS = cast(Table, Trial.__table__)

# By `attrgetter`, because a batch has thousands of records.
_EPOCH, _SECONDS = attrgetter("epoch"), attrgetter("seconds")
_MEASURES = {
    name: attrgetter(name) for name in ("train_loss", "train_error", "eval_loss", "eval_error")
}


def start(session: WriteSession, starts: Sequence[TrialStart]) -> None:
    """Note that workers have taken up trials, one start for each, that are not done."""
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
    """Note the initial walks of trials that are not done; told again, one says the same."""
    _run(
        session,
        _update_unfinished().values(z_init=bindparam("new_z_init", type_=FiniteFloat())),
        [{"trial": walk.trial_id, "new_z_init": walk.z_init} for walk in walks],
    )


def add_epochs(session: WriteSession, curves: Sequence[Sequence[EpochRecord]]) -> None:
    """Add epochs that were not there before, a list for each trial, to the trials' summaries."""
    changes = [_summary(records) for records in curves]
    if changes and session.get_bind().dialect.name == "postgresql":
        # One statement: a thousand small ones take the server ten times as long.
        columns = {name: [change[name] for change in changes] for name in changes[0]}
        session.connection().execute(_ADD_TOGETHER, columns)
    else:
        _run(session, _ADD, changes)


def end(session: WriteSession, ends: Sequence[TrialEnd]) -> None:
    """Give trials their outcome; of two ends of one trial the first counts."""
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
    return update(_TRIALS).where(_TRIALS.c.id == bindparam("trial"), is_unfinished(_TRIALS.c.state))


def _summary(records: Sequence[EpochRecord]) -> Mapping[str, object]:
    """Return what the new epochs of one trial change in its row."""
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
    """Return the change of a trial's row by what `_summary` says."""
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
        # min() of two values is NULL on SQLite if either is; least() on PostgreSQL is not.
        values[best.key] = case((or_(best.is_(None), least < best), least), else_=best)
    return (
        update(_TRIALS)
        .where(_TRIALS.c.id == new["trial"], is_unfinished(_TRIALS.c.state))
        .values(values)
    )


def _arrays() -> Mapping[str, ColumnElement[Any]]:
    """Return what `_summary` says of many trials: one array for each column."""
    arrays = (
        func.unnest(bindparam(name, type_=ARRAY(kind, dimensions=1))).label(name)
        for name, kind in _TYPES.items()
    )
    return dict(select(*arrays).subquery("new").c.items())


_ADD = _adding({name: bindparam(name, type_=kind) for name, kind in _TYPES.items()})
_ADD_TOGETHER = _adding(_arrays())
