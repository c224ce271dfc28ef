"""Configurations of a sweep: their axes as written, and what theory says of their networks."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.enums import GMode
from service.query.columns import AXES, plain
from service.schemas.comparisons import Scalar
from service.store.models import Configuration
from workers.architectures import ARCHITECTURES
from workers.contract.leaves import leaves
from workers.schedules import Schedule

NAMES: Final = tuple(name for name in AXES if name != Configuration.depth.key)
"""Every axis but depth, in the order in which the first that varies becomes a chart's second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigurationAxes:
    """A configuration as comparisons see it.

    Attributes:
        depth: Hidden layers.
        axes: Every other axis as written, in the order of `NAMES`.
        drift: Predicted mean of the walk, in nats; None where there is none.
        spread: Its predicted standard deviation, in nats; None where there is none.
    """

    depth: int
    axes: tuple[Scalar, ...]
    drift: float | None
    spread: float | None

    def described(self) -> Mapping[str, Scalar]:
        """Return the axes by name."""
        return dict(zip(NAMES, self.axes, strict=True))


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
    for name in NAMES:
        if hasattr(Configuration, name):
            values[name] = getattr(row, name)
    # What follows from the depth is no choice: a width solved from a budget, and a g found for
    # a width and depth, are left out in favour of what they were found from.
    if row.width_parameters is not None:
        values["width"] = None
    if row.g_mode is not GMode.ABSOLUTE:
        values["g"] = None
    for each in ARCHITECTURES[row.kind].hyperparameters:
        values[each.name] = row.coordinates.get(f"network.{each.name}", each.default)
    return tuple(_written(values.get(name)) for name in NAMES)


def _written(value: object) -> Scalar:
    if isinstance(value, Schedule):
        return _schedule_label(value)
    return plain(value)


def _schedule_label(schedule: Schedule) -> str:
    """Return a schedule's kind and what differs from that kind's defaults."""
    default = asdict(Schedule(kind=schedule.kind))
    changed = {k: v for k, v in asdict(schedule).items() if v != default[k]}
    if not changed:
        return schedule.kind.value
    parts = [f"{name}={to_json(value).decode()}" for name, value in changed.items()]
    return f"{schedule.kind.value}({', '.join(parts)})"
