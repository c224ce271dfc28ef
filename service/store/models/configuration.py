"""The table of configurations: the points of a sweep, as written and as resolved."""

from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import JSON, BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from service.enums import GMode
from service.store.column_types import ConfigurationJson, stored_by_value
from service.store.constraints import at_least, finite, one_of, rule
from service.store.models.base import Base
from service.store.models.roles import key, resolved, written
from workers import contract
from workers.contract import (
    Activation,
    EngineName,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
)
from workers.schedules import ScheduleKind


class Configuration(Base):
    """One point of a sweep, shared by its trials; a row never changes.

    The column `configuration` holds all of it. Values that people often filter and group by have a
    typed column as well, under the name that `workers.contract.leaves` gives them. Every other leaf
    is read from `configuration` under that name (`service.query.columns`).

    Attributes:
        id: A function of the sweep and the coordinates as written.
        sweep_id: The sweep.
        number: Position in the plan, from 0; an extension appends.
        g_relative: g over the unbiased g, if the spec gives g in that way.
        lr: Learning rate as written.
        width_parameters: Parameter budget that the width was solved from.
        g_mode: Form in which the spec gives g.
        lr_depth_power: Power of the depth by which the learning rate was multiplied.
        effective_lr: Learning rate after the rule for depth.
        predicted_drift: Theoretical mean of the initial network's walk, in nats.
        predicted_spread: Theoretical standard deviation of that walk, in nats.
        walk_id: The predicted law by layer, if it was simulated.
        coordinates: Coordinates that differ from their defaults, by path, as written.
        configuration: The resolved configuration that workers run.
    """

    __tablename__ = "configurations"
    __table_args__ = (
        one_of("task", Task),
        one_of("scheme", Scheme),
        one_of("optimizer", OptimizerKind),
        one_of("schedule_kind", ScheduleKind),
        one_of("precision", Precision),
        one_of("engine", EngineName),
        one_of("g_mode", GMode),
        at_least("number", 0),
        at_least("depth", 1),
        at_least("width", 1),
        at_least("epochs", 0),
        at_least("batch_size", 1),
        *finite("g", "effective_lr", "g_relative", "lr", "lr_depth_power"),
        *finite("predicted_drift", "predicted_spread"),
        at_least("predicted_spread", 0),
        rule("predictions_are_whole", "(predicted_drift IS NULL) = (predicted_spread IS NULL)"),
        rule("relative_g_is_written", "g_mode <> 'relative' OR g_relative IS NOT NULL"),
        UniqueConstraint("sweep_id", "number"),
    )

    id: Mapped[UUID] = key(primary_key=True)
    sweep_id: Mapped[UUID] = key(ForeignKey("sweeps.id", ondelete="CASCADE"))
    number: Mapped[int] = key()

    # The order matters: of these columns the first that varies is the second axis of a chart.
    depth: Mapped[int] = written()
    g_relative: Mapped[float | None] = written()
    g: Mapped[float] = written()
    scheme: Mapped[Scheme] = written(stored_by_value(Scheme))
    activation: Mapped[Activation] = written(stored_by_value(Activation))
    lr: Mapped[float] = written()
    width: Mapped[int] = written()
    width_parameters: Mapped[int | None] = written(BigInteger)
    batch_size: Mapped[int] = written()
    optimizer: Mapped[OptimizerKind] = written(stored_by_value(OptimizerKind))
    epochs: Mapped[int] = written()
    dataset: Mapped[str] = written(String(255))
    task: Mapped[Task] = written(stored_by_value(Task))
    kind: Mapped[str] = written(String(32))
    g_mode: Mapped[GMode] = written(stored_by_value(GMode))
    lr_depth_power: Mapped[float] = written()
    precision: Mapped[Precision] = written(stored_by_value(Precision))

    effective_lr: Mapped[float] = resolved()
    schedule_kind: Mapped[ScheduleKind] = resolved(stored_by_value(ScheduleKind))
    engine: Mapped[EngineName] = resolved(stored_by_value(EngineName))
    predicted_drift: Mapped[float | None] = resolved()
    predicted_spread: Mapped[float | None] = resolved()
    walk_id: Mapped[UUID | None] = resolved(ForeignKey("walks.id"))
    coordinates: Mapped[dict[str, JsonValue]] = resolved(JSON)
    configuration: Mapped[contract.Configuration] = resolved(ConfigurationJson())
