"""What a single point can get wrong: mistakes that only its resolved values show."""

from collections.abc import Iterator, Mapping

from service.planner.gains import gain_mistake
from service.planner.rates import rate_mistake
from service.planner.widths import width_mistake
from service.spec import Mistake, Point
from workers.contract import DatasetShape, OptimizerKind, Task


def point_mistakes(point: Point, datasets: Mapping[str, DatasetShape]) -> Iterator[Mistake]:
    """Yield why a point cannot be run.

    Args:
        point: One point of a spec.
        datasets: The shapes of all known data sets, by name.
    """
    shape = datasets.get(point.text("dataset.name"))
    per_dataset = (
        [_unknown(point, datasets)]
        if shape is None
        else [_unlabelled(point, shape), width_mistake(point, shape)]
    )
    for mistake in (*per_dataset, gain_mistake(point), rate_mistake(point), _nesterov(point)):
        if mistake is not None:
            yield mistake


def _unknown(point: Point, datasets: Mapping[str, DatasetShape]) -> Mistake:
    known = ", ".join(sorted(datasets)) or "none"
    message = f"no such data set; known: {known}"
    return Mistake("dataset.name", f'"{point.text("dataset.name")}"', message)


def _unlabelled(point: Point, shape: DatasetShape) -> Mistake | None:
    if shape.n_classes > 0 or point["dataset.task"] != Task.CLASSIFY:
        return None
    return Mistake("dataset.task", '"classify"', f"{shape.name} has no labels; use autoencode")


def _nesterov(point: Point) -> Mistake | None:
    looks_ahead = (
        point["training.optimizer.kind"] == OptimizerKind.SGD
        and point["training.optimizer.nesterov"] is True
        and point["training.optimizer.momentum"] == 0
    )
    if not looks_ahead:
        return None
    return Mistake("training.optimizer.nesterov", "true", "needs a momentum above 0")
