"""Estimated seconds of a trial on a calibrated device, accurate to a factor of two."""

import math
from dataclasses import dataclass, fields
from operator import attrgetter, mul

from workers.contract import DatasetShape, Timings, Work
from workers.estimates.shapes import TrialShape
from workers.estimates.work import epoch_end_work, profile_work, start_work, step_work

ERROR_FACTOR = 2.0
"""Largest expected ratio between measured and estimated seconds, in either direction."""

_numbers = attrgetter(*(field.name for field in fields(Work)))


@dataclass(frozen=True)
class CostModel:
    """Linear model of seconds: the sum over kinds of work of amount times seconds of one unit.

    Attributes:
        timings: Measured seconds of one unit of each kind of work.
    """

    timings: Timings

    def trial_seconds(self, trial: TrialShape, dataset: DatasetShape, live: int) -> float:
        """Return the seconds of an actor that one whole trial takes.

        Args:
            trial: The trial.
            dataset: Data set of the trial.
            live: Trials that run at once, this one included, at least 1. The time of a common step
                is divided among them.
        """
        epochs = trial.epochs * self.epoch_seconds(trial, dataset, live)
        return self.start_seconds(trial, dataset) + epochs

    def start_seconds(self, trial: TrialShape, dataset: DatasetShape) -> float:
        """Return the seconds of a trial's start and of all its layer profiles."""
        profiles = trial.profiles * self.seconds(profile_work(trial, dataset))
        return self.seconds(start_work(trial, dataset)) + profiles

    def epoch_seconds(self, trial: TrialShape, dataset: DatasetShape, live: int) -> float:
        """Return the trial's part of the seconds of one epoch after epoch 0."""
        steps = math.ceil(dataset.n_train / trial.batch_size)
        end = self.seconds(epoch_end_work(trial, dataset))
        return steps * self.seconds(step_work(trial, dataset, live)) + end

    def seconds(self, work: Work) -> float:
        """Return the seconds of some work."""
        rates = self.timings.seconds_each
        return float(sum(map(mul, _numbers(work), _numbers(rates))))
