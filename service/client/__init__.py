"""Python's way to the service: `Client` over HTTP, typed frozen results, one error tree."""

from service.client.errors import ClientError, ProblemError, UnreachableError
from service.client.http import Client
from service.client.models import (
    BetterThanPrevious,
    Comparison,
    Counts,
    DepthBest,
    DepthComparison,
    Epoch,
    Forecast,
    Group,
    Mistake,
    Preview,
    PreviewRow,
    PreviewWarning,
    Problem,
    Sweep,
    TheoryGain,
    TheoryWalk,
    Trial,
)

__all__ = [
    "BetterThanPrevious",
    "Client",
    "ClientError",
    "Comparison",
    "Counts",
    "DepthBest",
    "DepthComparison",
    "Epoch",
    "Forecast",
    "Group",
    "Mistake",
    "Preview",
    "PreviewRow",
    "PreviewWarning",
    "Problem",
    "ProblemError",
    "Sweep",
    "TheoryGain",
    "TheoryWalk",
    "Trial",
    "UnreachableError",
]
