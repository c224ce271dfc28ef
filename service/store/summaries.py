"""What a trial's row tells of its run: where it stands, and its final and best numbers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import cast

from sqlalchemy import (
    Table,
    Update,
    bindparam,
    case,
    func,
    or_,
    update,
)

from service.lifecycle import TrialState
from service.store.column_types import FiniteFloat, database_now
from service.store.database import WriteSession
from service.store.models import Trial
from workers.contract import EpochRecord, InitialWalk, TrialEnd, TrialStart

# The table itself, since the ORM has its own, slower idea of an UPDATE with many parameter sets.
# A cast because the attribute is typed for mapped subqueries as well.
_TRIALS = cast(Table, Trial.__table__)

_MEASURES = ("train_loss", "train_error", "eval_loss", "eval_error")


def start(session: WriteSession, starts: Sequence[TrialStart]) -> None:
    """Note that workers have taken up trials, one start for each, that are not done."""
    _run(
        session,
        _open_trial().values(
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


def note_walks(session: WriteSession, walks: Sequence[InitialWalk]) -> None:
    """Note the initial walks of trials that are not done; told again, one says the same."""
    _run(
        session,
        _open_trial().values(z_init=bindparam("new_z_init", type_=FiniteFloat())),
        [{"trial": walk.trial_id, "new_z_init": walk.z_init} for walk in walks],
    )


def add(session: WriteSession, records: Sequence[EpochRecord]) -> None:
    """Add epochs that were not there before to the summaries of their trials."""
    by_trial = defaultdict(list)
    for record in records:
        by_trial[record.trial_id].append(record)
    _run(session, _ADD, [_summary(of_trial) for of_trial in by_trial.values()])


def end(session: WriteSession, ends: Sequence[TrialEnd]) -> None:
    """Give trials their outcome; of two ends of one trial the first counts."""
    _run(
        session,
        _open_trial().values(
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


def _open_trial() -> Update:
    return update(_TRIALS).where(
        _TRIALS.c.id == bindparam("trial"), _TRIALS.c.state != TrialState.DONE
    )


def _summary(records: Sequence[EpochRecord]) -> Mapping[str, object]:
    """Return what the new epochs of one trial change in its row."""
    last = max(records, key=lambda record: record.epoch)
    changes: dict[str, object] = {
        "trial": last.trial_id,
        "last_epoch": last.epoch,
        "more_seconds": sum(record.seconds for record in records),
    }
    for measure in _MEASURES:
        changes[f"last_{measure}"] = getattr(last, measure)
        changes[f"least_{measure}"] = min(
            (value for record in records if (value := getattr(record, measure)) is not None),
            default=None,
        )
    return changes


def _adding() -> Update:
    epoch = bindparam("last_epoch", type_=_TRIALS.c.epochs_done.type)
    is_later = or_(_TRIALS.c.epochs_done.is_(None), _TRIALS.c.epochs_done < epoch)
    values: dict[str, object] = {
        "epochs_done": case((is_later, epoch), else_=_TRIALS.c.epochs_done),
        "seconds": _TRIALS.c.seconds + bindparam("more_seconds", type_=FiniteFloat()),
    }
    for measure in _MEASURES:
        final, best = _TRIALS.c[f"final_{measure}"], _TRIALS.c[f"best_{measure}"]
        last = bindparam(f"last_{measure}", type_=FiniteFloat())
        least = bindparam(f"least_{measure}", type_=FiniteFloat())
        values[final.key] = case((is_later, last), else_=final)
        # min() of two values is NULL on SQLite if either is; least() on PostgreSQL is not.
        values[best.key] = case((or_(best.is_(None), least < best), least), else_=best)
    return _open_trial().values(values)


_ADD = _adding()
