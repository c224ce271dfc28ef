"""Python client of the service: `Client`, the schemas that it returns, and its errors."""

from service.client.errors import ClientError, ProblemError, UnreachableError
from service.client.http import Client
from service.schemas.claims import ClaimDetail, ClaimRead, Evidence, Finding, JudgementRead
from service.schemas.comparisons import (
    BetterThanPrevious,
    DepthBest,
    DepthComparison,
    Group,
    GroupComparison,
)
from service.schemas.datasets import DatasetRead
from service.schemas.epochs import EpochRead
from service.schemas.layers import ErrorBand, LayerList, LayerProfileRead
from service.schemas.preview import (
    Preview,
    PreviewForecast,
    PreviewRange,
    PreviewRow,
    PreviewWarning,
    TimeEstimate,
)
from service.schemas.problems import Problem, ProblemIssue
from service.schemas.sweeps import SweepCounts, SweepDetail, SweepRead
from service.schemas.theory import TheoryCorrelation, TheoryGain, TheoryQuantile, TheoryWalk
from service.schemas.trials import TrialRead

__all__ = [
    "BetterThanPrevious",
    "ClaimDetail",
    "ClaimRead",
    "Client",
    "ClientError",
    "DatasetRead",
    "DepthBest",
    "DepthComparison",
    "EpochRead",
    "ErrorBand",
    "Evidence",
    "Finding",
    "Group",
    "GroupComparison",
    "JudgementRead",
    "LayerList",
    "LayerProfileRead",
    "Preview",
    "PreviewForecast",
    "PreviewRange",
    "PreviewRow",
    "PreviewWarning",
    "Problem",
    "ProblemError",
    "ProblemIssue",
    "SweepCounts",
    "SweepDetail",
    "SweepRead",
    "TheoryCorrelation",
    "TheoryGain",
    "TheoryQuantile",
    "TheoryWalk",
    "TimeEstimate",
    "TrialRead",
    "UnreachableError",
]
