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
    ErrorBand,
    Group,
    LayerProfile,
    Layers,
    Mistake,
    Problem,
    Sweep,
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
    "ErrorBand",
    "Group",
    "LayerProfile",
    "Layers",
    "Mistake",
    "Problem",
    "ProblemError",
    "Sweep",
    "Trial",
    "UnreachableError",
]
