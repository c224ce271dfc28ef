"""Descriptions of hyper-parameters that only one kind of network has."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

AUTO = "auto"
"""Value in a spec that lets the kind of network choose the number."""

HyperValue = float | str | bool
"""Value of a hyper-parameter as written."""

Hypers = Mapping[str, HyperValue]
"""Values of a kind's hyper-parameters as written, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberHyperparameter:
    """A number under ``network`` in a spec; like every number there it may be an axis.

    Attributes:
        name: Key in specs, and field of the kind's `Network`.
        description: Allowed values as text, for error messages and the schema.
        default: Value if the spec leaves the key out: a number, or ``"auto"`` where it is allowed.
        above: Exclusive lower bound.
        at_most: Inclusive upper bound.
        allows_auto: Whether ``"auto"`` may be written; `Architecture.network` has the rule.
    """

    name: str
    description: str
    default: float | str
    above: float
    at_most: float
    allows_auto: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceHyperparameter:
    """One of a few names under ``network`` in a spec; it may be an axis.

    Attributes:
        name: Key in specs, and field of the kind's `Network`.
        description: Allowed values as text, for error messages and the schema.
        default: Value if the spec leaves the key out.
        choices: Allowed values.
    """

    name: str
    description: str
    default: StrEnum
    choices: type[StrEnum]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagHyperparameter:
    """True or false under ``network`` in a spec; it may be an axis.

    Attributes:
        name: Key in specs, and field of the kind's `Network`.
        description: Allowed values as text, for error messages and the schema.
        default: Value if the spec leaves the key out.
    """

    name: str
    description: str
    default: bool


Hyperparameter = NumberHyperparameter | ChoiceHyperparameter | FlagHyperparameter
"""Description of a hyper-parameter of one kind of network."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HyperIssue:
    """Reason why values of hyper-parameters do not go together.

    Attributes:
        name: Hyper-parameter at fault.
        message: The reason and what is allowed.
    """

    name: str
    message: str


def number_or(written: HyperValue, automatic: float) -> float:
    """Return a number as written, or ``automatic`` for ``"auto"``."""
    return automatic if written == AUTO else float(written)
