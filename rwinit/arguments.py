"""Names that arguments may have, and checks of arguments that several modules share."""

import math
import operator
from collections.abc import Collection, Sequence
from typing import Final, SupportsIndex

from rwinit.errors import ArgumentError

HOMOGENEOUS_NAMES: Final = ("linear", "relu", "leaky_relu")
"""Activations with f(c x) = c f(x) for c > 0; without biases their laws are exact."""

SCHEME_NAMES: Final = ("rwi", "rwi_paper", "he", "glorot", "lecun", "orthogonal")

MODEL_SCHEME_NAMES: Final = (*SCHEME_NAMES, "looks_linear", "mean_field")
"""Schemes of `rwinit.initialize`; the last two depend on a layer's place in the network."""

WEIGHT_LAWS: Final = ("gaussian", "orthogonal")

# A law sums over up to 12 sqrt(width) counts of active units: memory needs a bound on width.
MAX_WIDTH: Final = 100_000_000

# A band and a simulation hold a number for each layer.
MAX_DEPTH: Final = 10_000_000


def check_choice(name: str, given: str, allowed: Collection[str]) -> None:
    """Raise ArgumentError unless a name is one of the allowed names."""
    # A list or a dict cannot be hashed: `in` would raise TypeError where `allowed` is a mapping.
    if not isinstance(given, str) or given not in allowed:
        raise ArgumentError(name, given, f"one of {', '.join(allowed)}")


def check_count(name: str, given: SupportsIndex, maximum: int = MAX_WIDTH, minimum: int = 1) -> int:
    """Return a count as an int; raise ArgumentError unless it is in minimum..maximum.

    Integers of numpy and other libraries are allowed; floats and bools are not.
    """
    allowed = f"an integer from {minimum} to {maximum}"
    if isinstance(given, bool):
        raise ArgumentError(name, given, allowed)
    try:
        count = operator.index(given)
    except TypeError:
        raise ArgumentError(name, given, allowed) from None
    if not minimum <= count <= maximum:
        raise ArgumentError(name, given, allowed)
    return count


def check_widths(given: Sequence[SupportsIndex]) -> tuple[int, ...]:
    """Return the widths of hidden layers as ints; raise ArgumentError that names an invalid one."""
    if isinstance(given, str) or not hasattr(given, "__len__") or len(given) == 0:
        raise ArgumentError("widths", given, "at least one width")
    return tuple(check_count(f"widths[{d}]", width) for d, width in enumerate(given))


def check_number(
    name: str,
    given: float,
    *,
    low: float = -math.inf,
    high: float = math.inf,
    above: float | None = None,
) -> float:
    """Return a finite number as a float; raise ArgumentError unless it is in its range.

    Args:
        name: The argument, as the signature spells it.
        given: The number; a bool is not accepted.
        low: Smallest allowed value.
        high: Largest allowed value.
        above: A bound that the value has to exceed, instead of ``low``.
    """
    allowed = _range_in_words(low, high, above)
    if isinstance(given, bool):
        raise ArgumentError(name, given, allowed)
    try:
        value = float(given)
    except (TypeError, ValueError):
        raise ArgumentError(name, given, allowed) from None
    too_low = value < low if above is None else value <= above
    if not math.isfinite(value) or too_low or value > high:
        raise ArgumentError(name, given, allowed)
    return value


def check_multiplier(name: str, given: float) -> None:
    """Raise ArgumentError unless a multiplier of weights is finite and at least 0."""
    check_number(name, given, low=0.0)


def check_slope(given: float) -> None:
    """Raise ArgumentError unless a negative-side slope is finite."""
    check_number("slope", given)


def check_keep(given: float) -> float:
    """Return a keep-probability; raise ArgumentError unless it is above 0 and at most 1."""
    return check_number("keep", given, above=0.0, high=1.0)


def _range_in_words(low: float, high: float, above: float | None) -> str:
    words = "a finite number"
    if above is not None:
        words += f" above {above:g}"
    elif low > -math.inf:
        words += f" of at least {low:g}"
    if high < math.inf:
        words += f"{' and' if words.endswith(tuple('0123456789')) else ' of'} at most {high:g}"
    return words
