"""Check a single point for issues that depend on several of its values or on its data set."""

from collections.abc import Iterator, Mapping

from service.planner.gains import gain_issue
from service.planner.learning_rates import rate_issue
from service.planner.networks import hyper_issue, network_of, width_issue
from service.planner.schemes import scheme_issues
from service.spec import Point, SpecIssue
from workers.contract import DatasetShape, OptimizerKind, Task


def point_issues(point: Point, datasets: Mapping[str, DatasetShape]) -> Iterator[SpecIssue]:
    """Yield an issue for every reason why a point cannot be run.

    Args:
        point: One point of a spec.
        datasets: Shapes of all known data sets, by name.
    """
    # Nothing else can be resolved for a network whose hyper-parameters contradict each other.
    contradiction = hyper_issue(point)
    if contradiction is not None:
        yield contradiction
        return
    # Without a shape the width and the labels cannot be checked.
    shape = datasets.get(point.text("dataset.name"))
    per_dataset = (
        [_unknown_dataset(point, datasets)]
        if shape is None
        else [_unlabelled(point, shape), width_issue(point, shape)]
    )
    for issue in (
        *per_dataset,
        gain_issue(point),
        *scheme_issues(point),
        # The rates do not depend on the width.
        rate_issue(point, network_of(point, 1)),
        _nesterov(point),
        _smoothing(point),
    ):
        if issue is not None:
            yield issue


def _unknown_dataset(point: Point, datasets: Mapping[str, DatasetShape]) -> SpecIssue:
    known = ", ".join(sorted(datasets)) or "none"
    message = f"no such data set; known: {known}"
    return SpecIssue("dataset.name", f'"{point.text("dataset.name")}"', message)


def _unlabelled(point: Point, shape: DatasetShape) -> SpecIssue | None:
    if shape.n_classes > 0 or point["dataset.task"] != Task.CLASSIFY:
        return None
    return SpecIssue("dataset.task", '"classify"', f"{shape.name} has no labels; use autoencode")


def _nesterov(point: Point) -> SpecIssue | None:
    lacks_momentum = (
        point["training.optimizer.kind"] == OptimizerKind.SGD
        and point["training.optimizer.nesterov"] is True
        and point["training.optimizer.momentum"] == 0
    )
    if not lacks_momentum:
        return None
    return SpecIssue("training.optimizer.nesterov", "true", "needs a momentum above 0")


def _smoothing(point: Point) -> SpecIssue | None:
    """Return an issue if labels are to be smoothed in a task that has none."""
    share = point.number("training.label_smoothing")
    if share == 0.0 or point["dataset.task"] == Task.CLASSIFY:
        return None
    message = "autoencoding has no labels; leave it out, or use the task classify"
    return SpecIssue("training.label_smoothing", f"{share:g}", message)
