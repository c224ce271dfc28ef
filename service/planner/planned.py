"""A planned sweep: configurations that workers run, and how the spec had written them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from service.enums import GMode
from workers.contract import Configuration, TrialSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How a spec wrote what planning replaces by numbers.

    Attributes:
        g_mode: How g was given.
        g_relative: g over the unbiased g, as written; 1 where a scheme's own g is the unbiased
            one (auto under rwi and orthogonal); None where the spec says nothing about it.
        width_parameters: The budget that the width was solved from, or None.
        lr: The learning rate before the rule for depth.
        lr_depth_power: The power of depth / 10 that multiplied it.
        coordinates: Every coordinate that differs from its default, by path, as JSON has it: a
            tuple of the spec is a list here.
    """

    g_mode: GMode
    g_relative: float | None
    width_parameters: int | None
    lr: float
    lr_depth_power: float
    coordinates: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedWalk:
    """The predicted law of the error's log norm by layer, where there is no exact one.

    Attributes:
        id: The same for the same network simulated in the same way.
        means: Mean of ``ln(|delta_d| / |delta_D|)`` in hidden layers d = 1..D, in nats.
        deviations: Standard deviation of the same, in nats.
    """

    id: UUID
    means: tuple[float, ...]
    deviations: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTrial:
    """A seed of a configuration.

    Attributes:
        id: A function of the sweep, the coordinates as written and the seed.
        seed: The seed.
    """

    id: UUID
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedConfiguration:
    """A point of a sweep with its trials, ready to be stored.

    Attributes:
        id: A function of the sweep and the coordinates as written.
        configuration: What workers run.
        written: How the spec wrote what planning has replaced by numbers.
        trials: One for each seed, in the order of the spec.
        walk: The predicted law by layer; None where it is exact, and where there is none.
    """

    id: UUID
    configuration: Configuration
    written: Written
    trials: tuple[PlannedTrial, ...]
    walk: SimulatedWalk | None = None

    def specs(self) -> list[TrialSpec]:
        """Return the configuration's trials as workers get them."""
        return [
            TrialSpec(trial_id=trial.id, seed=trial.seed, configuration=self.configuration)
            for trial in self.trials
        ]
