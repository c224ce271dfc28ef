"""Early stopping of a running sweep: its rules, built from its rows."""

import logging
from collections.abc import Sequence
from uuid import UUID

from service.logs import event
from service.planner.stopping import groups_of
from service.spec import SweepSpec
from service.spec.grammar.controls import EarlyStopping
from service.store import Database, stopping
from service.store.leases import Claim
from service.store.stopping import Standing
from workers.contract import Outcome, StoppingDecision, StoppingKind
from workers.stopping import Contestant, Stopper, halve, rungs

log = logging.getLogger("fathom.driver")


def stopper_of(database: Database, claim: Claim, spec: SweepSpec) -> Stopper | None:
    """Return the rule that judges trials while they run, with what ended trials have taught it.

    The unfinished ones are trained again after a crash and are judged anew.

    Returns:
        None for a sweep without one.
    """
    rule = spec.early_stopping
    if rule is None or rule.kind is StoppingKind.HALVING:
        return None
    with database.read() as session:
        trials = stopping.standings(session, claim.sweep_id)
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
    """The rungs of synchronous successive halving, judged by rows alone.

    So a driver that takes a sweep over comes to the same decisions, and so does one that judges a
    rung again.

    Args:
        database: The store.
        claim: Of the sweep.
        spec: Of the sweep, with such a rule.
        rule: It.
    """

    def __init__(
        self, database: Database, claim: Claim, spec: SweepSpec, rule: EarlyStopping
    ) -> None:
        self._database, self._claim, self._rule = database, claim, rule
        self._groups = groups_of(claim.sweep_id, spec)
        self._ahead = list(self._rungs(self._standings()))

    @property
    def until(self) -> int | None:
        """The epoch at which trials are checkpoint now; None when all rungs are behind them."""
        return self._ahead[0] if self._ahead else None

    def waiting(self) -> set[UUID]:
        """Return the trials that came to the present rung and have to wait there."""
        if self.until is None:
            return set()
        return {
            trial.trial_id
            for trial in self._standings()
            if trial.outcome is None and (trial.epochs_done or 0) >= self.until < trial.epochs
        }

    def judge(self) -> list[UUID]:
        """Judge the present rung, end what is not kept, and return that; the next rung is present.

        Every trial that has no outcome must have come to the rung.

        Raises:
            FencedOutError: Another driver has taken the sweep over.
        """
        rung = self._ahead.pop(0)
        decisions = self._decisions(rung)
        open_trials = {t.trial_id for t in self._standings() if t.outcome is None}
        with self._database.write() as session:
            now = [decision for decision in decisions if decision.trial_id in open_trials]
            stopping.stop(session, self._claim, now)
        ended = [decision.trial_id for decision in now if not decision.kept]
        event(
            log,
            logging.INFO,
            "rung judged",
            sweep=self._claim.sweep_id,
            epoch=rung,
            kept=len(now) - len(ended),
            stopped=len(ended),
        )
        return ended

    def _decisions(self, rung: int) -> list[StoppingDecision]:
        before = max((each for each in self._rungs(self._standings()) if each < rung), default=0)
        entered = [trial for trial in self._standings() if self._entered(trial, rung, before)]
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
    def _entered(trial: Standing, rung: int, before: int) -> bool:
        """Return whether a trial passed the rung before, and is to be judged at this one."""
        done = trial.epochs_done or 0
        stopped_before = trial.outcome is Outcome.STOPPED and done < rung
        return trial.epochs > rung and done >= before and not stopped_before

    def _rungs(self, trials: Sequence[Standing]) -> tuple[int, ...]:
        longest = max((trial.epochs for trial in trials), default=1)
        return rungs(eta=self._rule.eta, grace_epochs=self._rule.grace_epochs, max_epochs=longest)

    def _standings(self) -> list[Standing]:
        with self._database.read() as session:
            return stopping.standings(session, self._claim.sweep_id)
