"""How many seconds a trial takes on a device that was measured: good to a factor of two.

A step of K trials takes, for each hidden layer, the time of its calls and K times the layer's
own, which is interpolated in log width and log batch between measured ones. Beyond these it
goes with the square of the width and with the batch, as the arithmetic does.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from workers.contract import (
    Activation,
    DatasetShape,
    OptimizerKind,
    Precision,
    Task,
    Timings,
)
from workers.estimates.shapes import TrialShape
from workers.estimates.sizes import CHUNK

WIDTHS = (16, 64, 256)
BATCHES = (10, 100, 1000)
ERROR_FACTOR = 2.0
"""What measured and predicted seconds may differ by."""

_STRAIGHT = frozenset(
    {Activation.LINEAR, Activation.RELU, Activation.LEAKY_RELU, Activation.HARDTANH}
)
_ADAM_OPERATIONS = 7
# A gradient norm or profile in float64, in units of a float32 step of one trial.
_PROBE_STEPS = 2.0
_PROFILE_STEPS = 6.0
# The squared error of one output, in a step and in a full pass, in units of a smooth activation.
_SQUARE, _EXACT_SQUARE = 1.0, 4.0


@dataclass(frozen=True)
class CostModel:
    """Predicts seconds from a device's timings.

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
        return self.start_seconds(trial, dataset, live) + epochs

    def start_seconds(self, trial: TrialShape, dataset: DatasetShape, live: int) -> float:
        """Return the share of a trial's start: its weights, and what is measured of them."""
        timings, weights = self.timings, trial.parameters(dataset)
        start = (
            timings.start
            + trial.network.depth * timings.start_layer
            + weights * timings.start_weight
        )
        profiles = trial.profiles * _PROFILE_STEPS * self._passes(trial, dataset, 1)
        return start + profiles + self._looks(trial, dataset)

    def epoch_seconds(self, trial: TrialShape, dataset: DatasetShape, live: int) -> float:
        """Return the share of one epoch after the start."""
        steps = math.ceil(dataset.n_train / trial.batch_size)
        besides = self.timings.step / live + self.timings.trial_step
        step = besides + self._passes(trial, dataset, live)
        return steps * step + self.timings.epoch + self._looks(trial, dataset)

    def _passes(self, trial: TrialShape, dataset: DatasetShape, live: int) -> float:
        """Return the share of a step's way through the layers and back."""
        timings, width, rows = self.timings, trial.network.width, trial.rows(dataset)
        arithmetic = _interpolated(timings.level, width, rows)
        smooth = 0.0 if trial.network.activation in _STRAIGHT else width * rows * timings.curved
        updates = _update_operations(trial) / _ADAM_OPERATIONS * _by_width(timings.adam, width)
        level = arithmetic + smooth + updates
        ends = (2 / 3 * dataset.n_inputs + dataset.n_outputs(trial.task)) / width
        size = 2.0 if trial.precision is Precision.FLOAT64 else 1.0
        calls = trial.network.depth * timings.call / live
        calls += self._squares(trial, dataset, rows) * _SQUARE
        return calls + size * (trial.network.depth * level + ends * (arithmetic + updates))

    def _looks(self, trial: TrialShape, dataset: DatasetShape) -> float:
        """Return the time of full passes over both splits and of the gradient norms."""
        timings, width = self.timings, trial.network.width
        chunks = sum(math.ceil(n / CHUNK) for n in (dataset.n_train, dataset.n_eval))
        thousands = (dataset.n_train + dataset.n_eval) / 1000
        ends = (dataset.n_inputs + dataset.n_outputs(trial.task)) / width
        level = _by_width(timings.full_pass, width)
        smooth = 0.0 if trial.network.activation in _STRAIGHT else width * 1000 * timings.curved / 2
        size = 2.0 if trial.precision is Precision.FLOAT64 else 1.0
        arithmetic = size * (level * (trial.network.depth + ends) + trial.network.depth * smooth)
        calls = chunks * (timings.chunk + trial.network.depth * timings.call / 3)
        calls += self._squares(trial, dataset, dataset.n_train + dataset.n_eval) * _EXACT_SQUARE
        return calls + thousands * arithmetic + _PROBE_STEPS * self._passes(trial, dataset, 1)

    def _squares(self, trial: TrialShape, dataset: DatasetShape, rows: int) -> float:
        if trial.task is not Task.AUTOENCODE:
            return 0.0
        return rows * dataset.n_outputs(trial.task) * self.timings.curved


def _update_operations(trial: TrialShape) -> int:
    """Return the passes over the parameters that an update makes besides plain SGD's."""
    if trial.optimizer.kind is OptimizerKind.ADAM:
        return _ADAM_OPERATIONS + (trial.optimizer.weight_decay != 0.0)
    momentum = (trial.optimizer.momentum != 0.0) + trial.optimizer.nesterov
    return (
        momentum
        + (trial.optimizer.weight_decay != 0.0)
        + 4 * (trial.optimizer.clip_norm is not None)
    )


@lru_cache(maxsize=4096)
def _interpolated(values: tuple[float, ...], width: int, rows: int) -> float:
    """Return a positive quantity between those of `WIDTHS` x `BATCHES`."""
    n = len(BATCHES)
    by_width = [
        _along(BATCHES, values[i * n : (i + 1) * n], rows, power=1) for i in range(len(WIDTHS))
    ]
    return _along(WIDTHS, by_width, width, power=2)


def _by_width(values: Sequence[float], width: int) -> float:
    return _along(WIDTHS, values, width, power=2)


def _along(places: Sequence[int], values: Sequence[float], at: int, *, power: int) -> float:
    """Interpolate between logarithms; beyond the last place a power law, before the first it."""
    if at >= places[-1]:
        return values[-1] * float(at / places[-1]) ** power
    if at <= places[0]:
        return values[0] * at / places[0]
    right = next(i for i, place in enumerate(places) if place > at)
    low, high = places[right - 1], places[right]
    part = math.log(at / low) / math.log(high / low)
    return math.exp((1 - part) * math.log(values[right - 1]) + part * math.log(values[right]))
