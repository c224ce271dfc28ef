"""Classes of a plan: configurations, their trials, and the values as the spec wrote them."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from pydantic import JsonValue

from service.enums import GMode
from workers.contract import Configuration, TrialSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Values as the spec wrote them, which planning replaces by numbers.

    Attributes:
        g_mode: Form in which the spec gives g.
        g_relative: Ratio of g to the unbiased g. It is 1 if the scheme's own g is the unbiased one
            (auto with rwi or orthogonal), and None if the spec does not give g as a ratio.
        width_parameters: Parameter budget that the width was solved from; None without one.
        lr: Learning rate before the rule for depth.
        lr_depth_power: Power of depth / 10 by which the learning rate was multiplied.
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
    """Simulated law of the error's log norm by layer, for networks without an exact law.

    Attributes:
        id: A function of the network and of the simulation's algorithm.
        means: Means of ``ln(|delta_d| / |delta_D|)`` in hidden layers d = 1..D, in nats.
        deviations: Standard deviations of the same quantities, in nats.
    """

    id: UUID
    means: tuple[float, ...]
    deviations: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTrial:
    """A trial of a plan: the seed of a configuration.

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
        configuration: The resolved configuration that workers run.
        written: Values as the spec wrote them.
        trials: One trial for each seed, in the order of the spec.
        walk: The predicted law by layer; None if it is exact or unknown.
    """

    id: UUID
    configuration: Configuration
    written: Written
    trials: tuple[PlannedTrial, ...]
    walk: SimulatedWalk | None = None

    def specs(self) -> list[TrialSpec]:
        """Return the specs of the configuration's trials."""
        return [
            TrialSpec(trial_id=trial.id, seed=trial.seed, configuration=self.configuration)
            for trial in self.trials
        ]
