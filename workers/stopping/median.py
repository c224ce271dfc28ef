"""The median stopping rule.

References:
    Golovin et al., Google Vizier: A Service for Black-Box Optimization, KDD 2017; in the form of
    ``ray.tune.schedulers.MedianStoppingRule``.
"""

from collections import defaultdict
from collections.abc import Mapping
from uuid import UUID

import numpy as np

from workers.stopping.rule import Judgement

FEWEST_OTHERS = 3
"""Trials that a trial is compared with at least; with fewer the rule makes no decision."""


class Median:
    """Stops a trial whose best value is worse than the median of the other trials' means.

    Means are taken from epoch ``grace_epochs`` to the trial's present epoch, of the trials that
    have reached this epoch.
    """

    def __init__(self, *, grace_epochs: int) -> None:
        self._grace = grace_epochs
        self._curves: defaultdict[UUID, dict[int, float]] = defaultdict(dict)

    def judge(self, trial_id: UUID, epoch: int, value: float) -> Judgement | None:
        """Record a result and judge the trial after its grace epochs; see `Rule.judge`."""
        own = self._curves[trial_id]
        own[epoch] = value
        if epoch < self._grace:
            return None
        # A dictionary keeps the order of insertion: its last key is the latest epoch.
        means = [
            self._mean(curve, epoch)
            for other, curve in self._curves.items()
            if other != trial_id and curve and next(reversed(curve)) >= epoch
        ]
        if len(means) < FEWEST_OTHERS:
            return None
        best, median = min(own.values()), float(np.median(means))
        return Judgement(kept=best <= median, value=best, cutoff=median, n_others=len(means))

    def restore(self, trial_id: UUID, curve: Mapping[int, float]) -> None:
        """Record the curve of an ended trial; see `Rule.restore`."""
        self._curves[trial_id] = dict(sorted(curve.items()))

    def _mean(self, curve: Mapping[int, float], epoch: int) -> float:
        return float(np.mean([v for at, v in curve.items() if self._grace <= at <= epoch]))
