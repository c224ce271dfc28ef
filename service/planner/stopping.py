"""Check a spec's early stopping, and group the trials that compete."""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from service.planner.ids import trial_id
from service.spec import Point, SpecIssue, SweepSpec, points, seeds_of
from workers.contract import Task

ALL_TRIALS = "all trials"


def stopping_issues(spec: SweepSpec, found: Sequence[Point]) -> Iterator[SpecIssue]:
    """Yield an issue for each part of a spec's early stopping that would have no effect.

    Args:
        spec: The spec of a sweep.
        found: The points of the spec.
    """
    rule = spec.early_stopping
    if rule is None:
        return
    for place, path in enumerate(rule.within):
        if not any(path in point for point in found):
            message = "no trial has this coordinate; name one such as network.depth or training.lr"
            yield SpecIssue(f"early_stopping.within[{place}]", json.dumps(path), message)
    longest = max(point.whole("training.epochs") for point in found)
    if rule.grace_epochs >= longest:
        message = f"must be below {longest}, the largest training.epochs, to stop anything"
        yield SpecIssue("early_stopping.grace_epochs", str(rule.grace_epochs), message)
    has_error = all(point["dataset.task"] == Task.CLASSIFY for point in found)
    if rule.metric.endswith("error") and not has_error:
        message = "autoencoding has no error: use train_loss or eval_loss"
        yield SpecIssue("early_stopping.metric", json.dumps(rule.metric), message)


def groups_of(sweep_id: UUID, spec: SweepSpec) -> dict[UUID, str]:
    """Return the name of every trial's group, by trial id, in the order of the plan.

    Trials of one group compete. They have equal values of the coordinates that
    ``early_stopping.within`` names, so all seeds of a configuration are in one group.
    """
    within = () if spec.early_stopping is None else spec.early_stopping.within
    return {
        trial_id(sweep_id, point, seed): _group(point, within)
        for point in points(spec)
        for seed in seeds_of(spec)
    }


def _group(point: Point, within: Sequence[str]) -> str:
    named = (f"{path} {json.dumps(point.get(path), default=str)}" for path in within)
    return ", ".join(named) or ALL_TRIALS
