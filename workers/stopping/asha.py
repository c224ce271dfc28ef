"""Asynchronous successive halving (ASHA).

References:
    Li et al., A System for Massively Parallel Hyperparameter Tuning, arXiv:1810.05934; in the form
    of ``ray.tune.schedulers.AsyncHyperBandScheduler`` with one bracket, which judges a trial
    when it reaches a rung and never revises the decision.
"""

from collections.abc import Mapping
from uuid import UUID

import numpy as np

from workers.stopping.rule import Judgement


class Asha:
    """Keeps a trial at a rung if it is among the best ``1 / eta`` of the trials there before it.

    Rungs lie at ``grace_epochs * eta^k`` epochs, up to ``max_epochs``.
    """

    def __init__(self, *, eta: int, grace_epochs: int, max_epochs: int) -> None:
        self._eta = eta
        # The number of rungs and their values are computed by the formulas of Ray.
        count = int(np.log(max_epochs / grace_epochs) / np.log(eta) + 1)
        milestones = [grace_epochs * eta**k for k in reversed(range(count))]
        self._rungs: list[tuple[int, dict[UUID, float]]] = [(at, {}) for at in milestones]

    def judge(self, trial_id: UUID, epoch: int, value: float) -> Judgement | None:
        """Record a result and judge the trial if it has reached a rung; see `Rule.judge`."""
        for milestone, recorded in self._rungs:
            if epoch < milestone or trial_id in recorded:
                continue
            judgement = self._compare(recorded, value)
            recorded[trial_id] = value
            return judgement
        return None

    def restore(self, trial_id: UUID, curve: Mapping[int, float]) -> None:
        """Record the results of an ended trial at all rungs; see `Rule.restore`."""
        for milestone, recorded in self._rungs:
            if milestone in curve:
                recorded[trial_id] = curve[milestone]

    def _compare(self, recorded: Mapping[UUID, float], value: float) -> Judgement | None:
        if not recorded:
            return None
        # Ray takes the quantile of the negated values, which can differ in the last bit.
        gains = [-other for other in recorded.values()]
        cutoff = -float(np.percentile(gains, (1 - 1 / self._eta) * 100))
        return Judgement(
            kept=not value > cutoff, value=value, cutoff=cutoff, n_others=len(recorded)
        )
