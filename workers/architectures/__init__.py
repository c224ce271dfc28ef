"""One description for each kind of network, without torch; all other code derives from these.

A description lists the network's parameters, its layers, and the law of its random networks.
From the descriptions follow the grammar of a sweep's ``network``, parameter counts,
widths from a budget, streams of random numbers, initial draws, saved states, memory and FLOPs,
the reference network, the packed engine's pass and the layer profiles. No other module branches
on the name of a kind.
"""

from collections.abc import Mapping
from types import MappingProxyType

from workers.architectures.architecture import Architecture
from workers.architectures.feed_forward import FeedForwardArchitecture
from workers.architectures.highway import HighwayArchitecture
from workers.architectures.hyperparameters import (
    ChoiceHyperparameter,
    FlagHyperparameter,
    HyperIssue,
    Hyperparameter,
    Hypers,
    HyperValue,
    NumberHyperparameter,
)
from workers.architectures.parameters import Factor, MatrixLaw, ParameterGroup, parameter_count
from workers.architectures.program import Layer, LayerRule, Skip, Source
from workers.architectures.residual import ResidualArchitecture
from workers.architectures.roaf import Filter, RoafArchitecture
from workers.architectures.walks import EXACT, LAWS, WalkQuestion, weights_of
from workers.contract import Network
from workers.errors import WorkersError

_KINDS: tuple[Architecture, ...] = (
    FeedForwardArchitecture(),
    ResidualArchitecture(),
    RoafArchitecture(),
    HighwayArchitecture(),
)

ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType({each.kind: each for each in _KINDS})
"""Descriptions of the kinds of networks by name; the first kind is the default."""


class UnknownKindError(WorkersError):
    """A network is of a kind that `ARCHITECTURES` does not contain."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"no kind of network is called {self.kind!r}; known: {', '.join(ARCHITECTURES)}"


def architecture_of(network: Network) -> Architecture:
    """Return the description of a network's kind.

    Raises:
        UnknownKindError: No description has this kind.
    """
    try:
        return ARCHITECTURES[network.kind]
    except KeyError:
        raise UnknownKindError(network.kind) from None


__all__ = [
    "ARCHITECTURES",
    "EXACT",
    "LAWS",
    "Architecture",
    "ChoiceHyperparameter",
    "Factor",
    "Filter",
    "FlagHyperparameter",
    "HyperIssue",
    "HyperValue",
    "Hyperparameter",
    "Hypers",
    "Layer",
    "LayerRule",
    "MatrixLaw",
    "NumberHyperparameter",
    "ParameterGroup",
    "Skip",
    "Source",
    "UnknownKindError",
    "WalkQuestion",
    "architecture_of",
    "parameter_count",
    "weights_of",
]
