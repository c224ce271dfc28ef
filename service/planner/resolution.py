"""Resolve a point as written to the configuration that workers run."""

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, get_origin, get_type_hints

from service.planner.gains import gain_of, mode_of, relative_of
from service.planner.learning_rates import branch_factor_of, rate_of
from service.planner.networks import BUDGET_PATH, network_of, width_of
from service.planner.planned import Written
from service.spec import Point
from workers.architectures import architecture_of
from workers.contract import (
    Configuration,
    DatasetShape,
    Init,
    Network,
    Optimizer,
    Task,
    Training,
)
from workers.engine_table import engine_for
from workers.estimates import TrialShape
from workers.schedules import Schedule


def resolve(point: Point, shape: DatasetShape, profile_epochs: Sequence[int] = ()) -> Configuration:
    """Return the configuration of a point.

    Args:
        point: A point without issues.
        shape: Shape of the point's data set.
        profile_epochs: Epochs to profile; those after the last epoch of the trials are left out.

    Raises:
        rwinit.GainNotFoundError: No g makes the drift of the simulated walk zero.
    """
    network = network_of(point, width_of(point, shape))
    training = _training(point, network)
    last = training.epochs
    return Configuration(
        dataset=shape.name,
        task=Task(point.text("dataset.task")),
        network=network,
        init=Init(**_field_values(point, "init", Init) | {"g": gain_of(point, network)}),
        training=training,
        engine=engine_for(network, Task(point.text("dataset.task")), training.precision),
        profile_epochs=tuple(sorted(epoch for epoch in profile_epochs if epoch <= last)),
    )


def shape_of(point: Point, width: int, profile_epochs: Sequence[int] = ()) -> TrialShape:
    """Return the sizes of a point's trials, without resolving g, which can take seconds.

    Args:
        point: A point without issues.
        width: Units per hidden layer.
        profile_epochs: Epochs to profile; those after the last epoch of the trials are left out.
    """
    network = network_of(point, width)
    training = _training(point, network)
    task = Task(point.text("dataset.task"))
    return TrialShape(
        loss=training.loss(task),
        network=network,
        optimizer=training.optimizer,
        epochs=training.epochs,
        batch_size=training.batch_size,
        precision=training.precision,
        engine=engine_for(network, task, training.precision),
        profiles=sum(epoch <= training.epochs for epoch in profile_epochs),
    )


def written_of(point: Point) -> Written:
    """Return the values of a point as written, which `resolve` replaces by numbers."""
    return Written(
        g_mode=mode_of(point),
        g_relative=relative_of(point),
        width_parameters=point.whole(BUDGET_PATH) if BUDGET_PATH in point else None,
        lr=point.number("training.lr"),
        lr_depth_power=point.number("training.lr_depth_power"),
        coordinates=json.loads(point.canonical()),
    )


def _training(point: Point, network: Network) -> Training:
    optimizer = _field_values(point, "training.optimizer", Optimizer)
    rest = {
        "learning_rate": rate_of(point),
        "branch_lr_factor": branch_factor_of(point, network),
        "schedule": Schedule(**_field_values(point, "training.schedule", Schedule)),
        "optimizer": Optimizer(**optimizer | _betas(point) | _eps(point, network)),
    }
    return Training(**_field_values(point, "training", Training) | rest)


# Any: values of many types, which the grammar has checked.
def _field_values(point: Point, section: str, kind: Hashable) -> dict[str, Any]:
    """Return a point's values for those fields of a dataclass that have a coordinate's name.

    So an option that has one name in the spec and in the dataclass needs no line of code. A field
    without a coordinate keeps its default.

    Args:
        point: A point.
        section: Path of the coordinates, such as ``"training.optimizer"``.
        kind: The dataclass.
    """
    return {
        name: convert(point[f"{section}.{name}"])
        for name, convert in _converters(kind).items()
        if f"{section}.{name}" in point
    }


@cache
def _converters(kind: Hashable) -> Mapping[str, Callable[[Any], Any]]:
    """Return functions from a coordinate's value to a field's value, by field of a dataclass."""
    converters: dict[str, Callable[[Any], Any]] = {}
    for name, hint in get_type_hints(kind).items():
        if isinstance(hint, type) and issubclass(hint, StrEnum):
            converters[name] = hint
        elif get_origin(hint) is tuple:
            converters[name] = _pairs
        else:
            converters[name] = _unchanged
    return converters


def _unchanged(value: object) -> object:
    return value


def _pairs(value: Sequence[Sequence[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(first), float(second)) for first, second in value)


def _betas(point: Point) -> dict[str, float]:
    """Return the two decay rates of Adam, which a spec writes as one pair."""
    match point.get("training.optimizer.betas"):
        case (float(first), float(second)):
            return {"beta1": first, "beta2": second}
        case _:
            return {}


def _eps(point: Point, network: Network) -> dict[str, float]:
    """Return Adam's offset; by default 1e-8 times the branch gain.

    Gradients of hidden matrices carry the branch gain. An offset that does not shrink with it
    would make the steps of deep networks smaller than those of shallow ones.
    """
    if point.get("training.optimizer.eps") != "auto":
        return {}
    gain = architecture_of(network).hidden_rule(network).branch_gain
    return {"eps": Optimizer().eps * min(1.0, gain)}
