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


class Median:
    """Ends a trial whose best value is worse than the median of the others' running means.

    The means run from ``grace_epochs`` to the trial's epoch, over trials that got as far.
    """

    def __init__(self, *, grace_epochs: int) -> None:
        self._grace = grace_epochs
        self._curves: defaultdict[UUID, dict[int, float]] = defaultdict(dict)

    def hear(self, trial_id: UUID, epoch: int, value: float) -> Judgement | None:
        """As `Rule.hear`."""
        mine = self._curves[trial_id]
        mine[epoch] = value
        if epoch < self._grace:
            return None
        means = [
            self._mean(curve, epoch)
            for other, curve in self._curves.items()
            if other != trial_id and curve and next(reversed(curve)) >= epoch
        ]
        if len(means) < FEWEST_OTHERS:
            return None
        best, median = min(mine.values()), float(np.median(means))
        return Judgement(kept=best <= median, value=best, cutoff=median, n_others=len(means))

    def remember(self, trial_id: UUID, curve: Mapping[int, float]) -> None:
        """As `Rule.remember`."""
        self._curves[trial_id] = dict(sorted(curve.items()))

    def _mean(self, curve: Mapping[int, float], epoch: int) -> float:
        return float(np.mean([v for at, v in curve.items() if self._grace <= at <= epoch]))
