"""Early stopping of a running sweep, with its state restored from the database."""

import logging
from collections.abc import Sequence
from uuid import UUID

from service.logs import event
from service.planner.stopping import groups_of
from service.spec import SweepSpec
from service.spec.grammar.controls import EarlyStopping
from service.store import Database, stopping
from service.store.leases import Claim
from service.store.stopping import TrialProgress
from workers.contract import Outcome, StoppingDecision, StoppingKind
from workers.stopping import Contestant, Stopper, halve, rungs

log = logging.getLogger("fathom.driver")


def stopper_of(database: Database, claim: Claim, spec: SweepSpec) -> Stopper | None:
    """Return the rule that judges trials while they run, with its state restored.

    The state is made of the curves of done trials. Unfinished trials are trained again after a
    crash, and are judged again.

    Returns:
        The rule; None for a sweep without early stopping, or with halving, which `Halving` decides.
    """
    rule = spec.early_stopping
    if rule is None or rule.kind is StoppingKind.HALVING:
        return None
    with database.read() as session:
        trials = stopping.progress_of_trials(session, claim.sweep_id)
        curves = stopping.curves_of_done(session, claim.sweep_id, rule.metric)
    stopper = Stopper(
        kind=rule.kind,
        metric=rule.metric,
        eta=rule.eta,
        grace_epochs=rule.grace_epochs,
        max_epochs=max((trial.epochs for trial in trials), default=1),
        groups=groups_of(claim.sweep_id, spec),
    )
    for trial_id, curve in curves.items():
        stopper.restore(trial_id, curve)
    return stopper


class Halving:
    """Synchronous successive halving: trials wait at each rung until all of them can be judged.

    Decisions depend on the stored rows alone. So a driver that takes over the sweep, or judges a
    rung again, makes the same decisions.

    Args:
        database: The store.
        claim: The driver's claim on the sweep.
        spec: The sweep's spec.
        rule: The spec's rule of early stopping, of the kind halving.
    """

    def __init__(
        self, database: Database, claim: Claim, spec: SweepSpec, rule: EarlyStopping
    ) -> None:
        self._database, self._claim, self._rule = database, claim, rule
        self._groups = groups_of(claim.sweep_id, spec)
        self._rungs_left = list(self._rungs(self._progress()))

    @property
    def until(self) -> int | None:
        """The epoch of the present rung, at which trials are saved; None after the last rung."""
        return self._rungs_left[0] if self._rungs_left else None

    def waiting(self) -> set[UUID]:
        """Return the unfinished trials that have reached the present rung and wait there."""
        if self.until is None:
            return set()
        return {
            trial.trial_id
            for trial in self._progress()
            if trial.outcome is None and (trial.epochs_done or 0) >= self.until < trial.epochs
        }

    def judge(self) -> list[UUID]:
        """Judge the present rung and end the trials that are not kept; move on to the next rung.

        Every unfinished trial whose planned epochs go beyond the rung must have reached it.

        Returns:
            The trials that were ended.

        Raises:
            FencedOutError: Another driver has taken the sweep over.
        """
        rung = self._rungs_left.pop(0)
        decisions = self._decisions(rung)
        # Done trials take part in the comparison, but nothing is decided about them any more.
        unfinished = {t.trial_id for t in self._progress() if t.outcome is None}
        decided = [decision for decision in decisions if decision.trial_id in unfinished]
        with self._database.write() as session:
            stopping.end_stopped(session, self._claim, decided)
        ended = [decision.trial_id for decision in decided if not decision.kept]
        event(
            log,
            logging.INFO,
            "rung judged",
            sweep=self._claim.sweep_id,
            epoch=rung,
            kept=len(decided) - len(ended),
            stopped=len(ended),
        )
        return ended

    def _decisions(self, rung: int) -> list[StoppingDecision]:
        """Return the decision about every trial that was to be judged at a rung, ended ones too."""
        before = max((each for each in self._rungs(self._progress()) if each < rung), default=0)
        entered = [trial for trial in self._progress() if self._entered(trial, rung, before)]
        with self._database.read() as session:
            values = stopping.values_at(session, self._claim.sweep_id, self._rule.metric, rung)
        by_group: dict[str, list[Contestant]] = {}
        for trial in entered:
            contestant = Contestant(trial_id=trial.trial_id, value=values.get(trial.trial_id))
            by_group.setdefault(self._groups[trial.trial_id], []).append(contestant)
        return [
            StoppingDecision(
                trial_id=trial_id,
                epoch=rung,
                rule=self._rule.kind,
                metric=self._rule.metric,
                value=judgement.value,
                cutoff=judgement.cutoff,
                kept=judgement.kept,
                group=group,
                n_others=judgement.n_others,
            )
            for group, contestants in by_group.items()
            for trial_id, judgement in halve(contestants, self._rule.eta).items()
        ]

    @staticmethod
    def _entered(trial: TrialProgress, rung: int, before: int) -> bool:
        """Return whether a trial has passed the rung before this one, and is judged at this one.

        A trial that diverged or failed in between is judged, and takes a place among the worst.
        """
        done = trial.epochs_done or 0
        stopped_before = trial.outcome is Outcome.STOPPED and done < rung
        return trial.epochs > rung and done >= before and not stopped_before

    def _rungs(self, trials: Sequence[TrialProgress]) -> tuple[int, ...]:
        """Return the epochs of all rungs, ascending."""
        longest = max((trial.epochs for trial in trials), default=1)
        return rungs(eta=self._rule.eta, grace_epochs=self._rule.grace_epochs, max_epochs=longest)

    def _progress(self) -> list[TrialProgress]:
        with self._database.read() as session:
            return stopping.progress_of_trials(session, self._claim.sweep_id)
