"""Resolve a point as written to the configuration that workers run."""

import json
from collections.abc import Sequence

from service.planner.gains import gain_of, mode_of, relative_of
from service.planner.learning_rates import rate_of
from service.planner.networks import BUDGET_PATH, network_of, width_of
from service.planner.planned import Written
from service.spec import Point
from workers.contract import (
    Configuration,
    DatasetShape,
    EngineName,
    Init,
    Network,
    Optimizer,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
    Training,
)
from workers.engine_table import engine_for
from workers.estimates import TrialShape
from workers.schedules import Schedule, ScheduleKind

_PLAIN = Schedule()
_OPTIMIZER = Optimizer()


def resolve(point: Point, shape: DatasetShape, profile_epochs: Sequence[int] = ()) -> Configuration:
    """Return the configuration of a point.

    Args:
        point: One without issues.
        shape: Shape of its data set.
        profile_epochs: Epochs to profile; those after the trials' last epoch are left out.

    Raises:
        rwinit.GainNotFoundError: No g leaves the simulated walk without drift.
    """
    network = network_of(point, width_of(point, shape))
    epochs = point.whole("training.epochs")
    return Configuration(
        dataset=shape.name,
        task=Task(point.text("dataset.task")),
        network=network,
        init=Init(
            scheme=Scheme(point.text("init.scheme")),
            g=gain_of(point, network),
            g_in=point.number("init.g_in"),
            g_out=point.number("init.g_out"),
        ),
        training=Training(
            epochs=epochs,
            batch_size=point.whole("training.batch_size"),
            learning_rate=rate_of(point),
            schedule=_schedule(point),
            optimizer=_optimizer(point),
            precision=Precision(point.text("training.precision")),
        ),
        engine=_engine(point, network),
        profile_epochs=tuple(sorted(epoch for epoch in profile_epochs if epoch <= epochs)),
    )


def shape_of(point: Point, width: int, profile_epochs: Sequence[int] = ()) -> TrialShape:
    """Return the sizes of a point's trials; g, which may need a simulation, is not among them.

    Args:
        point: One without issues.
        width: Units per hidden layer.
        profile_epochs: Epochs to profile; those after the trials' last epoch are left out.
    """
    network, epochs = network_of(point, width), point.whole("training.epochs")
    return TrialShape(
        task=Task(point.text("dataset.task")),
        network=network,
        optimizer=_optimizer(point),
        epochs=epochs,
        batch_size=point.whole("training.batch_size"),
        precision=Precision(point.text("training.precision")),
        engine=_engine(point, network),
        profiles=sum(epoch <= epochs for epoch in profile_epochs),
    )


def written_of(point: Point) -> Written:
    """Return how the spec wrote what `resolve` replaces by numbers."""
    return Written(
        g_mode=mode_of(point),
        g_relative=relative_of(point),
        width_parameters=point.whole(BUDGET_PATH) if BUDGET_PATH in point else None,
        lr=point.number("training.lr"),
        lr_depth_power=point.number("training.lr_depth_power"),
        coordinates=json.loads(point.canonical()),
    )


def _engine(point: Point, network: Network) -> EngineName:
    task = Task(point.text("dataset.task"))
    return engine_for(network, task, Precision(point.text("training.precision")))


def _optimizer(point: Point) -> Optimizer:
    path = "training.optimizer"
    beta1, beta2 = _betas(point)
    return Optimizer(
        kind=OptimizerKind(point.text(f"{path}.kind")),
        momentum=point.number(f"{path}.momentum", _OPTIMIZER.momentum),
        nesterov=point.get(f"{path}.nesterov") is True,
        weight_decay=point.number(f"{path}.weight_decay"),
        clip_norm=_clip_norm(point),
        beta1=beta1,
        beta2=beta2,
        eps=point.number(f"{path}.eps", _OPTIMIZER.eps),
    )


def _clip_norm(point: Point) -> float | None:
    path = "training.optimizer.clip_norm"
    return None if point[path] is None else point.number(path)


def _betas(point: Point) -> tuple[float, float]:
    match point.get("training.optimizer.betas"):
        case (float(first), float(second)):
            return first, second
        case _:
            return _OPTIMIZER.beta1, _OPTIMIZER.beta2


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
