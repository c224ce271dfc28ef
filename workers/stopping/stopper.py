"""The rule of a whole sweep: which trials compete, by what, and what is said of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from workers.contract import EpochRecord, StoppingDecision, StoppingKind, StoppingMetric
from workers.stopping.asha import Asha
from workers.stopping.median import Median
from workers.stopping.rule import Judgement, Rule


def value_of(record: EpochRecord, metric: StoppingMetric) -> float:
    """Return what a rule compares; a metric that the task has not is refused at planning."""
    value: float | None = getattr(record, metric.value)
    if value is None:
        raise ValueError(f"the record of epoch {record.epoch} has no {metric}")
    return value


@dataclass(slots=True)
class Stopper:
    """An order-dependent rule over all packs of a sweep.

    Attributes:
        kind: ASHA or MEDIAN.
        metric: What is compared.
        eta: Of asha.
        grace_epochs: Epochs that every trial gets.
        max_epochs: The most that any trial has.
        groups: Name of the group of each trial; trials compete within theirs only.
    """

    kind: StoppingKind
    metric: StoppingMetric
    eta: int
    grace_epochs: int
    max_epochs: int
    groups: Mapping[UUID, str]
    _rules: dict[str, Rule] = field(default_factory=dict)
    _stopped: dict[UUID, StoppingDecision] = field(default_factory=dict)

    def remember(self, trial_id: UUID, curve: Mapping[int, float]) -> None:
        """Take in a trial that has ended, by epoch from 1."""
        self._rule(trial_id).remember(trial_id, curve)

    def judge(self, record: EpochRecord, *, last: bool) -> StoppingDecision | None:
        """Take a record in and judge its trial.

        Args:
            record: Of epoch 1 or later; those of a trial in order.
            last: Whether it is the trial's last epoch, after which there is nothing to end.

        Returns:
            The decision; None where there was none to make. What was stopped stays so, should its
            worker be lost before anybody heard of it.
        """
        before = self._stopped.get(record.trial_id)
        if before is not None and before.epoch == record.epoch:
            return before
        value = value_of(record, self.metric)
        found = self._rule(record.trial_id).hear(record.trial_id, record.epoch, value)
        # The median rule looks after every epoch; only what it ends is worth telling.
        if found is None or last or (found.kept and self.kind is StoppingKind.MEDIAN):
            return None
        decision = self._decision(record.trial_id, record.epoch, found)
        if not decision.kept:
            self._stopped[record.trial_id] = decision
        return decision

    def _decision(self, trial_id: UUID, epoch: int, judgement: Judgement) -> StoppingDecision:
        return StoppingDecision(
            trial_id=trial_id,
            epoch=epoch,
            rule=self.kind,
            metric=self.metric,
            value=judgement.value,
            cutoff=judgement.cutoff,
            kept=judgement.kept,
            group=self.groups[trial_id],
            n_others=judgement.n_others,
        )

    def _rule(self, trial_id: UUID) -> Rule:
        group = self.groups[trial_id]
        if group not in self._rules:
            self._rules[group] = self._new()
        return self._rules[group]

    def _new(self) -> Rule:
        if self.kind is StoppingKind.MEDIAN:
            return Median(grace_epochs=self.grace_epochs)
        return Asha(eta=self.eta, grace_epochs=self.grace_epochs, max_epochs=self.max_epochs)
