"""Early stopping of a sweep: applies a rule within groups of trials and returns decisions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from workers.contract import EpochRecord, StoppingDecision, StoppingKind, StoppingMetric
from workers.stopping.asha import Asha
from workers.stopping.median import Median
from workers.stopping.rule import Judgement, Rule


def value_of(record: EpochRecord, metric: StoppingMetric) -> float:
    """Return the value of a metric in a record.

    Raises:
        ValueError: The record has no such value. Planning refuses a metric that the task lacks.
    """
    value: float | None = getattr(record, metric.value)
    if value is None:
        raise ValueError(f"the record of epoch {record.epoch} has no {metric}")
    return value


@dataclass(slots=True)
class Stopper:
    """Early stopping by a rule that depends on the order of results, over all packs of a sweep.

    Attributes:
        kind: ASHA or MEDIAN.
        metric: Metric that is compared.
        eta: Reduction factor of ASHA; not used by MEDIAN.
        grace_epochs: Epochs that every trial is trained for.
        max_epochs: Largest number of epochs of any trial.
        groups: Name of the group of each trial; only trials of one group are compared.
    """

    kind: StoppingKind
    metric: StoppingMetric
    eta: int
    grace_epochs: int
    max_epochs: int
    groups: Mapping[UUID, str]
    _rules: dict[str, Rule] = field(default_factory=dict)
    _stopped: dict[UUID, StoppingDecision] = field(default_factory=dict)

    def restore(self, trial_id: UUID, curve: Mapping[int, float]) -> None:
        """Record the values of a trial that has ended, by epoch from 1."""
        self._rule(trial_id).restore(trial_id, curve)

    def judge(self, record: EpochRecord, *, last: bool) -> StoppingDecision | None:
        """Record the result of an epoch and judge its trial.

        Args:
            record: Record of epoch 1 or later; those of a trial come in order.
            last: Whether this is the trial's last epoch, after which nothing is left to stop.

        Returns:
            The decision; None if there is none.
        """
        # A worker may be lost before it reports a stop. The trial is then trained again, and has to
        # get the same decision.
        before = self._stopped.get(record.trial_id)
        if before is not None and before.epoch == record.epoch:
            return before
        value = value_of(record, self.metric)
        found = self._rule(record.trial_id).judge(record.trial_id, record.epoch, value)
        # The median rule judges after every epoch; only its stops are worth a report.
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
