"""A planned trial: what the worker runs, and how the spec had written it."""

from dataclasses import dataclass
from enum import StrEnum

from workers.contract import TrialSpec


class GMode(StrEnum):
    """How a spec gives g."""

    AUTO = "auto"
    ABSOLUTE = "absolute"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What resolving a trial would otherwise lose.

    Attributes:
        g_mode: How g was given.
        g_relative: g over the unbiased g, as written; 1 where a scheme's own g is the unbiased
            one (auto under rwi and orthogonal); None where the spec says nothing about it.
        width_parameters: The budget that the width was solved from, or None.
        lr: The learning rate before the rule for depth.
        lr_depth_power: The power of depth / 10 that multiplied it.
    """

    g_mode: GMode
    g_relative: float | None
    width_parameters: int | None
    lr: float
    lr_depth_power: float


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """One trial of a sweep, ready to be stored."""

    spec: TrialSpec
    written: Written
