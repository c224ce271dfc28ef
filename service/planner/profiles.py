"""What a spec can ask to be looked at, and nobody would see: refused, never ignored."""

from collections.abc import Iterator, Sequence

from service.spec import Point, SpecIssue, SweepSpec


def profile_issues(spec: SweepSpec, found: Sequence[Point]) -> Iterator[SpecIssue]:
    """Yield an issue for every profile that no trial lives to see.

    An epoch beyond some of the points only is none: their trials are profiled as far as they go.

    Args:
        spec: What a sweep asks for.
        found: Its points.
    """
    longest = max(point.whole("training.epochs") for point in found)
    for place, epoch in enumerate(spec.profiles.epochs):
        if epoch > longest:
            message = f"no trial has so many epochs; at most {longest}, the largest training.epochs"
            yield SpecIssue(f"profiles.epochs[{place}]", str(epoch), message)
