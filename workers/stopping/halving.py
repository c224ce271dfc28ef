"""Synchronous successive halving: all trials of a rung are judged together.

References:
    Jamieson and Talwalkar, Non-stochastic Best Arm Identification and Hyperparameter
    Optimization, arXiv:1502.07943.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from workers.stopping.rule import Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A trial that is compared at a rung.

    Attributes:
        trial_id: The trial.
        value: Its metric at the rung, less is better; None if it diverged or failed before.
    """

    trial_id: UUID
    value: float | None


def rungs(*, eta: int, grace_epochs: int, max_epochs: int) -> tuple[int, ...]:
    """Return the epochs at which trials are judged: ``grace_epochs * eta^k`` below the last."""
    found = []
    epoch = grace_epochs
    while epoch < max_epochs:
        found.append(epoch)
        epoch *= eta
    return tuple(found)


def halve(contestants: Sequence[Contestant], eta: int) -> dict[UUID, Judgement]:
    """Judge the trials of one group at one rung: the best ``n / eta`` go on, at least one.

    Args:
        contestants: All trials of the rung, in the order of the plan; of equal values the earlier
            one is better. Trials without a value count in ``n`` and are worse than all others.
        eta: Divisor of the number of trials; the quotient is rounded down.

    Returns:
        The judgement of each trial that has a value. The cutoff is the value of the last trial
        that is kept.
    """
    valued = [
        (c.value, place, c.trial_id) for place, c in enumerate(contestants) if c.value is not None
    ]
    ranked = sorted(valued, key=lambda entry: entry[:2])
    n_kept = max(1, len(contestants) // eta)
    if not ranked:
        return {}
    cutoff = ranked[min(n_kept, len(ranked)) - 1][0]
    return {
        trial_id: Judgement(
            kept=rank < n_kept, value=value, cutoff=cutoff, n_others=len(contestants) - 1
        )
        for rank, (value, _, trial_id) in enumerate(ranked)
    }
