"""Configurations: what a trial was asked for, apart from its depth and its seed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy.orm import InstrumentedAttribute

from service.enums import GMode
from service.query.columns import attribute, plain
from service.query.measures import Measured
from service.schemas.comparisons import Scalar
from service.store.models import Trial
from workers.schedules import Schedule

# In the order in which the first that varies becomes the second axis of a chart.
NAMES = (
    "g_relative",
    "g",
    "scheme",
    "activation",
    "lr",
    "schedule",
    "width",
    "width_parameters",
    "batch_size",
    "optimizer",
    "epochs",
    "dataset",
    "task",
    "kind",
    "slope",
    "g_mode",
    "g_in",
    "g_out",
    "momentum",
    "nesterov",
    "weight_decay",
    "clip_norm",
    "beta1",
    "beta2",
    "eps",
    "lr_depth_power",
    "precision",
)
COLUMNS: tuple[InstrumentedAttribute[Any], ...] = (  # Any: of many types
    Trial.depth,
    Trial.seed,
    Trial.predicted_drift,
    Trial.predicted_spread,
    Trial.z_init,
    *(attribute(name) for name in NAMES),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationKey:
    """Where a trial stands in its sweep, and what theory says of its network.

    Attributes:
        depth: Hidden layers.
        seed: Its seed.
        configuration: Every other axis as written, in the order of `NAMES`.
        drift: Predicted mean of the walk, in nats; None where there is none. The spread likewise.
        z_init: The walk that was measured, in those terms.
    """

    depth: int
    seed: int
    configuration: tuple[Scalar, ...]
    drift: float | None
    spread: float | None
    z_init: float | None


def place(trial: Measured) -> ConfigurationKey:
    """Return the place of a trial that was measured with `COLUMNS`."""
    depth, seed, drift, spread, z_init, *axes = trial.columns
    values = dict(zip(NAMES, axes, strict=True))
    # What follows from the depth is no choice: a width solved from a budget, and a g found for
    # a width and depth, are left out in favour of what they were found from.
    if values["width_parameters"] is not None:
        values["width"] = None
    if values["g_mode"] is not GMode.ABSOLUTE:
        values["g"] = None
    return ConfigurationKey(
        depth=depth,
        seed=seed,
        configuration=tuple(_written(value) for value in values.values()),
        drift=drift,
        spread=spread,
        z_init=z_init,
    )


def described(configuration: tuple[Scalar, ...]) -> Mapping[str, Scalar]:
    """Return a configuration's values by name."""
    return dict(zip(NAMES, configuration, strict=True))


def _written(value: object) -> Scalar:
    if isinstance(value, Schedule):
        return _schedule_words(value)
    return plain(value)


def _schedule_words(schedule: Schedule) -> str:
    """Return a schedule's kind and what differs from that kind's defaults."""
    default = asdict(Schedule(kind=schedule.kind))
    changed = {k: v for k, v in asdict(schedule).items() if v != default[k]}
    if not changed:
        return schedule.kind.value
    parts = [f"{name}={to_json(value).decode()}" for name, value in changed.items()]
    return f"{schedule.kind.value}({', '.join(parts)})"
