"""Learning-rate schedules: frozen descriptions, and pure functions that evaluate them.

A schedule multiplies the trial's effective learning rate by a factor that depends only on
the step and the number of steps of the run, so a curve can be recomputed from its row. The
factor of a step is the one at the middle of the step: the first step of a ramp from 0 and the
last step of a decay to 0 have a positive rate, and a drop at an epoch's end lies between two steps.
"""

import itertools
import math
from dataclasses import dataclass
from enum import StrEnum


class ScheduleKind(StrEnum):
    """Shape of a schedule."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    STEP = "step"
    COSINE = "cosine"
    LINEAR = "linear"
    INVERSE_TIME = "inverse_time"
    TABLE = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One learning-rate schedule; fields that its kind does not use keep their defaults.

    Attributes:
        kind: Shape of the schedule.
        warmup_epochs: Epochs over which a linear ramp from 0 multiplies the factor; 0 is none.
        final_factor: Factor at the end of the run (exponential, cosine, linear).
        factor: Factor applied at each drop (step).
        every_epochs: Epochs between drops (step).
        decay_epochs: Epochs after which the factor is 1/2 (inverse_time).
        points: (epoch, factor) pairs, epochs strictly increasing from 0; factors are
            interpolated linearly between points and held after the last (table).
    """

    kind: ScheduleKind = ScheduleKind.CONSTANT
    warmup_epochs: float = 0.0
    final_factor: float = 0.01
    factor: float = 0.1
    every_epochs: int = 1
    decay_epochs: float = 1.0
    points: tuple[tuple[float, float], ...] = ()

    @property
    def depends_on_total(self) -> bool:
        """Whether more epochs would change the rates of the epochs already run."""
        return self.kind in _DEPENDS_ON_TOTAL


_DEPENDS_ON_TOTAL = frozenset({ScheduleKind.EXPONENTIAL, ScheduleKind.COSINE, ScheduleKind.LINEAR})


def factor_at(schedule: Schedule, epoch: float, epochs: float) -> float:
    """Return the factor of the learning rate at a moment of a run.

    Args:
        schedule: The schedule.
        epoch: Epochs done, fractional within an epoch (steps done / steps per epoch), from 0.
        epochs: Length of the run in epochs, at least ``epoch``; above 0.

    Returns:
        A finite factor of at least 0.
    """
    shape = _shape_at(schedule, epoch, epochs)
    if epoch < schedule.warmup_epochs:
        return shape * epoch / schedule.warmup_epochs
    return shape


def factor_of_step(schedule: Schedule, step: int, steps_per_epoch: int, epochs: int) -> float:
    """Return the factor of the learning rate of one optimizer step.

    Args:
        schedule: The schedule.
        step: Counted from 1 over the whole run.
        steps_per_epoch: At least 1.
        epochs: Epochs of the run, at least 1.

    Returns:
        The finite factor, at least 0, at the middle of the step.
    """
    return factor_at(schedule, (step - 0.5) / steps_per_epoch, epochs)


def _shape_at(schedule: Schedule, epoch: float, epochs: float) -> float:
    progress = min(epoch / epochs, 1.0)
    match schedule.kind:
        case ScheduleKind.CONSTANT:
            return 1.0
        case ScheduleKind.EXPONENTIAL:
            return float(schedule.final_factor**progress)
        case ScheduleKind.STEP:
            return float(schedule.factor ** math.floor(epoch / schedule.every_epochs))
        case ScheduleKind.COSINE:
            swing = 0.5 * (1.0 + math.cos(math.pi * progress))
            return schedule.final_factor + (1.0 - schedule.final_factor) * swing
        case ScheduleKind.LINEAR:
            return 1.0 + (schedule.final_factor - 1.0) * progress
        case ScheduleKind.INVERSE_TIME:
            return 1.0 / (1.0 + epoch / schedule.decay_epochs)
        case ScheduleKind.TABLE:
            return _interpolate(schedule.points, epoch)


def _interpolate(points: tuple[tuple[float, float], ...], epoch: float) -> float:
    for (start, low), (end, high) in itertools.pairwise(points):
        if epoch < end:
            return low + (high - low) * (epoch - start) / (end - start)
    return points[-1][1]
