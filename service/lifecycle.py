"""Which moves a sweep and a trial may make: one pure table each."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class SweepState(StrEnum):
    """Where a sweep stands."""

    QUEUED = "queued"  # waits for a driver
    RUNNING = "running"  # a driver has it, or had it and its lease lapses
    PAUSING = "pausing"  # pause was asked for; workers wind down
    PAUSED = "paused"  # nobody works on it until it is resumed
    CANCELLING = "cancelling"  # cancel was asked for; workers wind down
    COMPLETED = "completed"  # every trial has an outcome
    FAILED = "failed"  # the sweep could not go on; the message says why
    CANCELLED = "cancelled"  # ended by request


class TrialState(StrEnum):
    """Where a trial stands; how a done one ended is its outcome."""

    PENDING = "pending"  # no worker has it
    RUNNING = "running"  # a worker has taken it up
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
"""Allowed moves of a sweep. A move to the state it is in is no move, and not allowed."""

TRIAL_TRANSITIONS: Mapping[TrialState, frozenset[TrialState]] = MappingProxyType(
    {
        TrialState.PENDING: frozenset(
            {
                TrialState.RUNNING,  # a worker takes it up
                TrialState.DONE,  # cancelled, stopped or failed before a worker had it
            }
        ),
        TrialState.RUNNING: frozenset(
            {
                TrialState.PENDING,  # its worker is gone or gave it back
                TrialState.DONE,  # it ended
            }
        ),
        TrialState.DONE: frozenset({TrialState.PENDING}),  # retry, with attempt + 1
    }
)
"""Allowed moves of a trial."""


class IllegalTransitionError(Exception):
    """A sweep or trial was asked to make a move that its state does not allow.

    Attributes:
        current: State it is in.
        target: State it was asked to move to.
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
        IllegalTransitionError: The table does not hold it.
    """
    if target not in SWEEP_TRANSITIONS[current]:
        raise IllegalTransitionError(current, target)


def trial_sources(target: TrialState) -> frozenset[TrialState]:
    """Return the states from which a trial may move to ``target``.

    Trials move by the thousand, in one UPDATE each of which the condition is this set, so that
    the row itself decides races.
    """
    return frozenset(state for state, allowed in TRIAL_TRANSITIONS.items() if target in allowed)
