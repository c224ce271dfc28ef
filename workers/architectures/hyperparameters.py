"""Hyper-parameters that only one kind of network has, as its grammar and its rows need them."""

from collections.abc import Callable
from dataclasses import dataclass

AUTO = "auto"
"""What a spec writes where the network's own rule is to choose the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameter:
    """A number that a spec writes under ``network``; any of them may be an axis.

    Attributes:
        name: Key in specs, and field of the kind's `Network`.
        description: What is allowed, in words, for error messages and the schema.
        default: Value where the spec says nothing: a number, or ``"auto"`` with a rule.
        above: Exclusive lower bound.
        at_most: Inclusive upper bound.
        auto: From depth and width to the number that ``"auto"`` stands for; None where there is
            no such rule.
    """

    name: str
    description: str
    default: float | str
    above: float
    at_most: float
    auto: Callable[[int, int], float] | None = None

    def resolve(self, written: float | str, depth: int, width: int) -> float:
        """Return the number that a value as written stands for.

        Args:
            written: A number within the bounds, or ``"auto"`` where there is a rule.
            depth: Hidden layers.
            width: Units per hidden layer.
        """
        if isinstance(written, str):
            if self.auto is None:
                raise ValueError(f"{self.name} has no rule for {written!r}")
            return self.auto(depth, width)
        return float(written)
