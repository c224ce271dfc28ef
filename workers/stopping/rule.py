"""What an order-dependent rule is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a rule says of a trial.

    Attributes:
        kept: Whether it goes on.
        value: What it was judged by; less is better.
        cutoff: What it had to reach.
        n_others: Trials that it was compared with.
    """

    kept: bool
    value: float
    cutoff: float
    n_others: int


class Rule(Protocol):
    """Judges the trials of one group as their results arrive."""

    def hear(self, trial_id: UUID, epoch: int, value: float) -> Judgement | None:
        """Take a result in and judge the trial by it.

        Args:
            trial_id: The trial.
            epoch: From 1; those of a trial arrive in order.
            value: Finite; less is better.

        Returns:
            The judgement; None where the rule has none to make, so that the trial goes on.
        """
        ...

    def remember(self, trial_id: UUID, curve: Mapping[int, float]) -> None:
        """Take in the results of a trial that has ended, by epoch; the order of trials is free."""
        ...
