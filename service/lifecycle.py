"""States of sweeps and trials, and the tables of allowed transitions."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class SweepState(StrEnum):
    """State of a sweep."""

    QUEUED = "queued"  # waits for a driver
    RUNNING = "running"  # a driver holds its lease, or held it and died
    PAUSING = "pausing"  # pause was asked for; workers wind down
    PAUSED = "paused"  # no driver works on it until it is resumed
    CANCELLING = "cancelling"  # cancel was asked for; workers wind down
    COMPLETED = "completed"  # every trial has an outcome
    FAILED = "failed"  # the sweep could not go on; the message says why
    CANCELLED = "cancelled"  # ended by request


class TrialState(StrEnum):
    """State of a trial; a done one has an outcome, which says how it ended."""

    PENDING = "pending"  # no worker has started it
    RUNNING = "running"  # a worker has started it
    DONE = "done"  # has an outcome and changes no more


ENDED = frozenset({SweepState.COMPLETED, SweepState.FAILED, SweepState.CANCELLED})
"""States in which every planned trial has an outcome."""

HELD = frozenset({SweepState.RUNNING, SweepState.PAUSING, SweepState.CANCELLING})
"""States in which a driver may hold the sweep's lease."""

SWEEP_TRANSITIONS: Mapping[SweepState, frozenset[SweepState]] = MappingProxyType(
    {
        SweepState.QUEUED: frozenset(
            {
                SweepState.RUNNING,  # a driver claims it
                SweepState.PAUSED,  # paused before it began: no worker has to wind down
                SweepState.CANCELLED,  # cancelled before it began
            }
        ),
        SweepState.RUNNING: frozenset(
            {
                SweepState.QUEUED,  # its driver hands it back: shutdown, or a time slice is over
                SweepState.PAUSING,  # pause
                SweepState.CANCELLING,  # cancel
                SweepState.COMPLETED,  # the last trial ended
                SweepState.FAILED,  # planning failed, or launches stall
            }
        ),
        SweepState.PAUSING: frozenset(
            {
                SweepState.QUEUED,  # resumed early: the fence moves on, the next claim starts anew
                SweepState.PAUSED,  # the workers have stopped
                SweepState.CANCELLING,  # cancel while the pause is under way
                SweepState.COMPLETED,  # the last trial ended before the pause reached it
                SweepState.FAILED,  # the workers cannot even wind down
            }
        ),
        SweepState.PAUSED: frozenset(
            {
                SweepState.QUEUED,  # resume
                SweepState.CANCELLED,  # cancel: no worker has to wind down
            }
        ),
        SweepState.CANCELLING: frozenset(
            {
                SweepState.CANCELLED,  # the workers have stopped
                SweepState.COMPLETED,  # the last trial ended before the cancel reached it
                SweepState.FAILED,  # the workers cannot even wind down
            }
        ),
        SweepState.COMPLETED: frozenset({SweepState.QUEUED}),  # retry or extend
        SweepState.FAILED: frozenset({SweepState.QUEUED}),  # retry or extend
        SweepState.CANCELLED: frozenset({SweepState.QUEUED}),  # retry or extend
    }
)
"""Allowed moves of a sweep, by its present state. A move to the present state is not allowed."""

TRIAL_TRANSITIONS: Mapping[TrialState, frozenset[TrialState]] = MappingProxyType(
    {
        TrialState.PENDING: frozenset(
            {
                TrialState.RUNNING,  # a worker starts it
                TrialState.DONE,  # cancelled, stopped or failed before a worker started it
            }
        ),
        TrialState.RUNNING: frozenset(
            {
                TrialState.PENDING,  # its worker has no claim any more
                TrialState.DONE,  # it ended
            }
        ),
        TrialState.DONE: frozenset({TrialState.PENDING}),  # retry, with attempt + 1
    }
)
"""Allowed moves of a trial, by its present state."""


class IllegalTransitionError(Exception):
    """The state of a sweep or trial does not allow a requested move.

    Attributes:
        current: The present state.
        target: The requested state.
    """

    def __init__(self, current: StrEnum, target: StrEnum) -> None:
        super().__init__(current, target)
        self.current = current
        self.target = target

    def __str__(self) -> str:
        return f"cannot go from {self.current} to {self.target}"


def check_sweep(current: SweepState, target: SweepState) -> None:
    """Raise unless a sweep may make this move.

    Raises:
        IllegalTransitionError: `SWEEP_TRANSITIONS` does not have the move.
    """
    if target not in SWEEP_TRANSITIONS[current]:
        raise IllegalTransitionError(current, target)


def trial_sources(target: TrialState) -> frozenset[TrialState]:
    """Return the states from which a trial may move to ``target``.

    Thousands of trials move in one UPDATE, with this set as its condition. So the row itself
    decides between concurrent moves.
    """
    return frozenset(state for state, allowed in TRIAL_TRANSITIONS.items() if target in allowed)
