"""Write workers' reports to the database, in idempotent batches under a claim.

The resulting rows depend on the set of reports alone, not on their order, on the batches or on how
often a report is sent, provided that a trial's end comes after its epochs. For that the first
record of an epoch is kept, summaries of a trial are built from new records only, and a done trial
accepts nothing more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import select, update

from service.lifecycle import TrialState
from service.store import calibrations, epochs, leases, stopping, summaries
from service.store.database import WriteSession
from service.store.epochs import UnfinishedTrial
from service.store.errors import UnknownTrialError
from service.store.leases import Claim
from service.store.models import LayerProfile, Sweep, Trial
from service.store.upserts import insert_all_new
from workers import contract
from workers.contract import (
    EpochRecord,
    InitialWalk,
    Report,
    StoppingDecision,
    TrialEnd,
    TrialReport,
    TrialStart,
)

_TRIAL_ID = attrgetter("trial_id")
# SQLite accepts at most 32,766 parameters in one statement.
_IDS_PER_QUERY = 10_000


def write(session: WriteSession, claim: Claim, reports: Sequence[Report]) -> None:
    """Write a batch of reports, either all of them or none.

    Args:
        session: The transaction.
        claim: The driver's claim on the sweep that the trials belong to.
        reports: Reports of any number of trials, in any order; may be empty.

    Raises:
        FencedOutError: The claim is void.
        UnknownTrialError: A report names a trial that the sweep does not have.
        sqlalchemy.exc.OperationalError: The database cannot be reached; send the batch again later.
        sqlalchemy.exc.StatementError: Any other of these errors: the batch breaks a rule of the
            schema, and sending it again would fail again.
    """
    leases.hold(session, claim)
    batch = _Batch.of(reports)
    calibrations.put(session, batch.calibrations)
    # Reports of done trials are dropped: they are late copies.
    unfinished = _unfinished_trials(session, claim.sweep_id, batch.trial_ids())
    _start(session, [start for start in batch.starts if start.trial_id in unfinished])
    summaries.record_walks(session, [w for w in batch.walks if w.trial_id in unfinished])
    new = epochs.insert_new(session, batch.records, unfinished)
    summaries.add_epochs(session, new)
    _insert_profiles(session, [p for p in batch.profiles if p.trial_id in unfinished], unfinished)
    decisions = [d for d in batch.decisions if d.trial_id in unfinished]
    stopping.record_decisions(session, claim.sweep_id, decisions)
    ends = [end for end in batch.ends if end.trial_id in unfinished]
    summaries.end(session, ends)
    if new or ends:
        _reset_stalled_launches(session, claim.sweep_id)


@dataclass(slots=True)
class _Batch:
    """Reports of a batch, by type."""

    starts: list[TrialStart] = field(default_factory=list)
    walks: list[InitialWalk] = field(default_factory=list)
    records: list[EpochRecord] = field(default_factory=list)
    profiles: list[contract.LayerProfile] = field(default_factory=list)
    decisions: list[StoppingDecision] = field(default_factory=list)
    ends: list[TrialEnd] = field(default_factory=list)
    calibrations: list[contract.Calibration] = field(default_factory=list)

    @classmethod
    def of(cls, reports: Iterable[Report]) -> "_Batch":
        batch = cls()
        for report in reports:
            match report:
                case EpochRecord():
                    batch.records.append(report)
                case contract.LayerProfile():
                    batch.profiles.append(report)
                case InitialWalk():
                    batch.walks.append(report)
                case TrialStart():
                    batch.starts.append(report)
                case StoppingDecision():
                    batch.decisions.append(report)
                case TrialEnd():
                    batch.ends.append(report)
                case contract.Calibration():
                    batch.calibrations.append(report)
        return batch

    def trial_ids(self) -> list[UUID]:
        reports: tuple[TrialReport, ...] = (
            *self.starts,
            *self.walks,
            *self.records,
            *self.profiles,
            *self.decisions,
            *self.ends,
        )
        # Consecutive reports are often of one trial, and hashing a UUID is slow.
        return list(dict.fromkeys(key for key, _ in groupby(map(_TRIAL_ID, reports))))


def _unfinished_trials(
    session: WriteSession, sweep_id: UUID, trial_ids: Sequence[UUID]
) -> dict[UUID, UnfinishedTrial]:
    """Return the state of each given trial that is not done, by id.

    Raises:
        UnknownTrialError: The sweep does not have one of the trials.
    """
    unfinished: dict[UUID, UnfinishedTrial] = {}
    found: set[UUID] = set()
    for first in range(0, len(trial_ids), _IDS_PER_QUERY):
        chunk = trial_ids[first : first + _IDS_PER_QUERY]
        rows = session.execute(
            select(Trial.id, Trial.state, Trial.attempt, Trial.epochs_done).where(
                Trial.sweep_id == sweep_id, Trial.id.in_(chunk)
            )
        )
        for trial_id, state, attempt, epochs_done in rows:
            found.add(trial_id)
            if state is not TrialState.DONE:
                unfinished[trial_id] = UnfinishedTrial(attempt, epochs_done)
    for trial_id in trial_ids:
        if trial_id not in found:
            raise UnknownTrialError(sweep_id, trial_id)
    return unfinished


def _start(session: WriteSession, starts: Sequence[TrialStart]) -> None:
    # Of several starts of a trial the last one counts: an actor that was lost started it before.
    latest = {start.trial_id: start for start in starts}
    summaries.start(session, list(latest.values()))


def _insert_profiles(
    session: WriteSession,
    profiles: Sequence[contract.LayerProfile],
    unfinished: Mapping[UUID, UnfinishedTrial],
) -> None:
    """Insert the profiles whose epoch has none yet."""
    # Reversed, so that of two profiles of one epoch the first overwrites the second.
    first = {(profile.trial_id, profile.epoch): profile for profile in reversed(profiles)}
    rows = [
        {
            "trial_id": profile.trial_id,
            "epoch": profile.epoch,
            "attempt": unfinished[profile.trial_id].attempt,
            "activation_log_norms": profile.activation_log_norms,
            "error_log_norms": profile.error_log_norms,
            "gradient_log_norms": profile.gradient_log_norms,
        }
        for profile in first.values()
    ]
    insert_all_new(session, LayerProfile, [LayerProfile.trial_id, LayerProfile.epoch], rows)


def _reset_stalled_launches(session: WriteSession, sweep_id: UUID) -> None:
    """Note that the present launch of a sweep has made progress."""
    # The condition spares most batches a write of the row.
    session.execute(
        update(Sweep)
        .where(Sweep.id == sweep_id, Sweep.stalled_launches > 0)
        .values(stalled_launches=0)
        .execution_options(synchronize_session=False)
    )
