"""Read the configurations of a sweep with their axes as written and their predictions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.enums import GMode
from service.query.columns import AXES, json_scalar
from service.schemas.comparisons import Scalar
from service.store.models import Configuration
from workers.architectures import ARCHITECTURES
from workers.contract.leaves import leaves
from workers.schedules import Schedule

_FIRST: Final = (Configuration.depth.key, Configuration.kind.key)
# Kinds first: a sweep over several is made to compare them.
AXIS_NAMES: Final = (Configuration.kind.key, *(name for name in AXES if name not in _FIRST))
"""Names of all axes but depth; a chart draws one series per value of the first that varies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationAxes:
    """The axes of a configuration, and the predicted walk of its networks.

    Attributes:
        depth: Number of hidden layers.
        axes: Values of the other axes as written, in the order of `AXIS_NAMES`.
        drift: Predicted mean of the walk, in nats; None without a prediction.
        spread: Predicted standard deviation of the walk, in nats; None without a prediction.
    """

    depth: int
    axes: tuple[Scalar, ...]
    drift: float | None
    spread: float | None

    def axes_by_name(self) -> Mapping[str, Scalar]:
        """Return the values of all axes but depth by name."""
        return dict(zip(AXIS_NAMES, self.axes, strict=True))


def configurations_of(session: Session, sweep_id: UUID) -> dict[UUID, ConfigurationAxes]:
    """Return the configurations of a sweep by id, in the order of the plan."""
    rows = session.scalars(
        select(Configuration)
        .where(Configuration.sweep_id == sweep_id)
        .order_by(Configuration.number)
    )
    return {
        row.id: ConfigurationAxes(
            depth=row.depth,
            axes=_axes(row),
            drift=row.predicted_drift,
            spread=row.predicted_spread,
        )
        for row in rows
    }


def _axes(row: Configuration) -> tuple[Scalar, ...]:
    values = leaves(row.configuration)
    for name in AXIS_NAMES:
        if hasattr(Configuration, name):
            values[name] = getattr(row, name)
    # Values that were derived from the depth would tell apart configurations that were written
    # alike. The budget stands for a width solved from it, g_relative and the scheme for g.
    if row.width_parameters is not None:
        values["width"] = None
    if row.g_mode is not GMode.ABSOLUTE:
        values["g"] = None
    for each in ARCHITECTURES[row.kind].hyperparameters:
        values[each.name] = row.coordinates.get(f"network.{each.name}", each.default)
    return tuple(_axis_value(values.get(name)) for name in AXIS_NAMES)


def _axis_value(value: object) -> Scalar:
    if isinstance(value, Schedule):
        return _schedule_label(value)
    return json_scalar(value)


def _schedule_label(schedule: Schedule) -> str:
    """Return a schedule's kind, with its fields that differ from the defaults, as text."""
    default = asdict(Schedule(kind=schedule.kind))
    changed = {k: v for k, v in asdict(schedule).items() if v != default[k]}
    if not changed:
        return schedule.kind.value
    parts = [f"{name}={to_json(value).decode()}" for name, value in changed.items()]
    return f"{schedule.kind.value}({', '.join(parts)})"
