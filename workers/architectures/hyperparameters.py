"""Description of a hyper-parameter that only one kind of network has."""

from collections.abc import Callable
from dataclasses import dataclass

AUTO = "auto"
"""Value in a spec that lets the rule of the hyper-parameter choose the number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hyperparameter:
    """A number under ``network`` in a spec; like every number there it may be an axis.

    Attributes:
        name: Key in specs, and field of the kind's `Network`.
        description: Allowed values as text, for error messages and the schema.
        default: Value if the spec leaves the key out: a number, or ``"auto"`` if there is a rule.
        above: Exclusive lower bound.
        at_most: Inclusive upper bound.
        auto: Function of depth and width that gives the number for ``"auto"``; None if
            ``"auto"`` is not allowed.
    """

    name: str
    description: str
    default: float | str
    above: float
    at_most: float
    auto: Callable[[int, int], float] | None = None

    def resolve(self, written: float | str, depth: int, width: int) -> float:
        """Return the number that a value of a spec stands for.

        Args:
            written: A number within the bounds, or ``"auto"``.
            depth: Hidden layers.
            width: Units per hidden layer.

        Raises:
            ValueError: The value is a text, and the hyper-parameter has no rule for ``"auto"``.
        """
        if isinstance(written, str):
            if self.auto is None:
                raise ValueError(f"{self.name} has no rule for {written!r}")
            return self.auto(depth, width)
        return float(written)
