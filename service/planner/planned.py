"""A planned trial: what the worker runs, and how the spec had written it."""

from dataclasses import dataclass
from uuid import UUID

from service.enums import GMode
from workers.contract import TrialSpec


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWalk:
    """The predicted law of the error's log norm by layer, where there is no exact one.

    Attributes:
        id: The same for the same network simulated in the same way.
        means: Mean of ``ln(|delta_d| / |delta_D|)`` in hidden layers d = 1..D, in nats.
        deviations: Standard deviations of those.
    """

    id: UUID
    means: tuple[float, ...]
    deviations: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class PlannedTrial:
    """One trial of a sweep, ready to be stored.

    Attributes:
        spec: What the worker runs.
        written: What resolving it would otherwise lose.
        walk: The predicted law by layer; None where it is exact, and where there is none.
    """

    spec: TrialSpec
    written: Written
    walk: SimulatedWalk | None = None
