"""How many seconds a trial takes on a device that was measured: good to a factor of two."""

import math
from dataclasses import dataclass, fields
from operator import attrgetter, mul

from workers.contract import DatasetShape, Timings, Work
from workers.estimates.shapes import TrialShape
from workers.estimates.work import epoch_end_work, profile_work, start_work, step_work

ERROR_FACTOR = 2.0
"""What measured and predicted seconds may differ by."""

_numbers = attrgetter(*(field.name for field in fields(Work)))


@dataclass(frozen=True)
class CostModel:
    """Predicts seconds as a sum over kinds of work: how much there is, times the seconds of each.

    Attributes:
        timings: What was measured.
    """

    timings: Timings

    def trial_seconds(self, trial: TrialShape, dataset: DatasetShape, live: int) -> float:
        """Return the share of an actor's time that a whole trial takes.

        Args:
            trial: The trial.
            dataset: Its data set.
            live: Trials that run beside each other, itself included, at least 1.
        """
        epochs = trial.epochs * self.epoch_seconds(trial, dataset, live)
        return self.start_seconds(trial, dataset) + epochs

    def start_seconds(self, trial: TrialShape, dataset: DatasetShape) -> float:
        """Return the time of a trial's start, and of all layer profiles."""
        profiles = trial.profiles * self.seconds(profile_work(trial, dataset))
        return self.seconds(start_work(trial, dataset)) + profiles

    def epoch_seconds(self, trial: TrialShape, dataset: DatasetShape, live: int) -> float:
        """Return the share of one epoch after the start."""
        steps = math.ceil(dataset.n_train / trial.batch_size)
        end = self.seconds(epoch_end_work(trial, dataset))
        return steps * self.seconds(step_work(trial, dataset, live)) + end

    def seconds(self, work: Work) -> float:
        """Return the time of any work."""
        rates = self.timings.seconds_each
        return float(sum(map(mul, _numbers(work), _numbers(rates))))
