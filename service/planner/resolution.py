"""From a point as written to the numbers that decide its trials' curves."""

from collections.abc import Sequence
from uuid import UUID

from service.planner.engines import engine_of
from service.planner.gains import gain_of, mode_of, relative_of
from service.planner.learning_rates import rate_of
from service.planner.planned import Written
from service.planner.widths import BUDGET_PATH, width_of
from service.spec import Point
from workers.contract import (
    Activation,
    DatasetShape,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
    TrialSpec,
)
from workers.estimates import TrialShape
from workers.schedules import Schedule, ScheduleKind

_PLAIN = Schedule()
_ADAM_BETAS = (0.9, 0.999)
_ADAM_EPS = 1e-8


def resolve(
    point: Point,
    shape: DatasetShape,
    trial_id: UUID,
    seed: int,
    profile_epochs: Sequence[int] = (),
) -> TrialSpec:
    """Return the trial of a point and a seed.

    Args:
        point: One without issues.
        shape: Of its data set.
        trial_id: Its id.
        seed: Its seed.
        profile_epochs: Epochs to profile, those behind the trial's last one among them.
    """
    width, epochs = width_of(point, shape), point.whole("training.epochs")
    beta1, beta2 = _betas(point)
    return TrialSpec(
        trial_id=trial_id,
        dataset=shape.name,
        task=Task(point.text("dataset.task")),
        kind=point.text("network.kind"),
        activation=Activation(point.text("network.activation")),
        slope=point.number("network.slope"),
        depth=point.whole("network.depth"),
        width=width,
        scheme=Scheme(point.text("init.scheme")),
        g=gain_of(point, width),
        g_in=point.number("init.g_in"),
        g_out=point.number("init.g_out"),
        epochs=epochs,
        batch_size=point.whole("training.batch_size"),
        optimizer=OptimizerKind(point.text("training.optimizer.kind")),
        momentum=point.number("training.optimizer.momentum", 0.0),
        nesterov=point.get("training.optimizer.nesterov") is True,
        weight_decay=point.number("training.optimizer.weight_decay"),
        clip_norm=_clip_norm(point),
        beta1=beta1,
        beta2=beta2,
        eps=point.number("training.optimizer.eps", _ADAM_EPS),
        learning_rate=rate_of(point),
        schedule=_schedule(point),
        precision=Precision(point.text("training.precision")),
        seed=seed,
        engine=engine_of(point),
        profile_epochs=tuple(sorted(epoch for epoch in profile_epochs if epoch <= epochs)),
    )


def shape_of(point: Point, width: int, profile_epochs: Sequence[int] = ()) -> TrialShape:
    """Return the sizes of a point's trials, without what takes long to resolve.

    Args:
        point: One without issues.
        width: Units per hidden layer.
        profile_epochs: As for `resolve`.
    """
    epochs = point.whole("training.epochs")
    return TrialShape(
        task=Task(point.text("dataset.task")),
        activation=Activation(point.text("network.activation")),
        slope=point.number("network.slope"),
        depth=point.whole("network.depth"),
        width=width,
        epochs=epochs,
        batch_size=point.whole("training.batch_size"),
        optimizer=OptimizerKind(point.text("training.optimizer.kind")),
        momentum=point.number("training.optimizer.momentum", 0.0),
        nesterov=point.get("training.optimizer.nesterov") is True,
        weight_decay=point.number("training.optimizer.weight_decay"),
        clip_norm=_clip_norm(point),
        precision=Precision(point.text("training.precision")),
        engine=engine_of(point),
        profiles=sum(epoch <= epochs for epoch in profile_epochs),
    )


def written_of(point: Point) -> Written:
    """Return how a point's spec wrote what `resolve` replaces by numbers."""
    return Written(
        g_mode=mode_of(point),
        g_relative=relative_of(point),
        width_parameters=point.whole(BUDGET_PATH) if BUDGET_PATH in point else None,
        lr=point.number("training.lr"),
        lr_depth_power=point.number("training.lr_depth_power"),
    )


def _clip_norm(point: Point) -> float | None:
    path = "training.optimizer.clip_norm"
    return None if point[path] is None else point.number(path)


def _betas(point: Point) -> tuple[float, float]:
    match point.get("training.optimizer.betas"):
        case (float(first), float(second)):
            return first, second
        case _:
            return _ADAM_BETAS


def _schedule(point: Point) -> Schedule:
    path = "training.schedule"
    return Schedule(
        kind=ScheduleKind(point.text(f"{path}.kind")),
        warmup_epochs=point.number(f"{path}.warmup_epochs"),
        final_factor=point.number(f"{path}.final_factor", _PLAIN.final_factor),
        factor=point.number(f"{path}.factor", _PLAIN.factor),
        every_epochs=point.whole(f"{path}.every_epochs", _PLAIN.every_epochs),
        decay_epochs=point.number(f"{path}.decay_epochs", _PLAIN.decay_epochs),
        points=_points(point.get(f"{path}.points", ())),
    )


def _points(value: object) -> tuple[tuple[float, float], ...]:
    rows = value if isinstance(value, tuple) else ()
    return tuple((float(epoch), float(factor)) for epoch, factor in rows)
