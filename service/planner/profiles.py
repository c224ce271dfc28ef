"""Check that requested profile epochs exist."""

from collections.abc import Iterator, Sequence

from service.spec import Point, SpecIssue, SweepSpec


def profile_issues(spec: SweepSpec, found: Sequence[Point]) -> Iterator[SpecIssue]:
    """Yield an issue for every profile epoch that is after the last epoch of every trial.

    An epoch that some trials reach is no issue: the others are profiled at their own epochs.

    Args:
        spec: The spec of a sweep.
        found: The points of the spec.
    """
    longest = max(point.whole("training.epochs") for point in found)
    for place, epoch in enumerate(spec.profiles.epochs):
        if epoch > longest:
            message = f"no trial has so many epochs; at most {longest}, the largest training.epochs"
            yield SpecIssue(f"profiles.epochs[{place}]", str(epoch), message)
