"""Interface of the rules that judge trials one by one, in the order of their results."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Judgement of a rule about a trial.

    Attributes:
        kept: Whether the trial goes on.
        value: Value of the trial; less is better.
        cutoff: Largest value with which a trial goes on.
        n_others: Number of trials that this one was compared with.
    """

    kept: bool
    value: float
    cutoff: float
    n_others: int


class Rule(Protocol):
    """Judges the trials of one group as their results arrive."""

    def judge(self, trial_id: UUID, epoch: int, value: float) -> Judgement | None:
        """Record a result and judge its trial.

        Args:
            trial_id: The trial.
            epoch: From 1; the epochs of a trial arrive in order.
            value: Finite; less is better.

        Returns:
            The judgement; None if the rule makes none after this epoch, so that the trial goes on.
        """
        ...

    def restore(self, trial_id: UUID, curve: Mapping[int, float]) -> None:
        """Record the results of a trial that has ended, by epoch, in any order of trials."""
        ...
