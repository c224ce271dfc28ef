"""One torch-free description per kind of network: what everything else of the house reads.

A kind says what its parameters are, which layers they make, and which law its random networks
follow. From these descriptions follow the grammar of a sweep's ``network``, parameter counts,
widths from a budget, streams of random numbers, initial draws, saved states, memory and FLOPs,
the reference network, the packed engine's pass and the layer profiles. Nothing outside of a
kind's own module asks for its name.
"""

from collections.abc import Mapping
from types import MappingProxyType

from workers.architectures.architecture import Architecture
from workers.architectures.feed_forward import FeedForwardArchitecture
from workers.architectures.hyperparameters import Hyperparameter
from workers.architectures.parameters import Draw, Factor, ParameterGroup, parameter_count
from workers.architectures.program import Layer, LayerRule, Skip, Source
from workers.architectures.residual import ResidualArchitecture
from workers.architectures.walks import WalkQuestion
from workers.contract import Network
from workers.errors import WorkersError

_KINDS: tuple[Architecture, ...] = (FeedForwardArchitecture(), ResidualArchitecture())

ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType({each.kind: each for each in _KINDS})
"""Every kind of network by its name in specs and rows; the first is the default."""


class UnknownKindError(WorkersError):
    """A network is of a kind that no description here has."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind

    def __str__(self) -> str:
        return f"no kind of network is called {self.kind!r}; known: {', '.join(ARCHITECTURES)}"


def architecture_of(network: Network) -> Architecture:
    """Return the description of a network's kind.

    Raises:
        UnknownKindError: There is no such kind.
    """
    try:
        return ARCHITECTURES[network.kind]
    except KeyError:
        raise UnknownKindError(network.kind) from None


__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "Draw",
    "Factor",
    "Hyperparameter",
    "Layer",
    "LayerRule",
    "ParameterGroup",
    "Skip",
    "Source",
    "UnknownKindError",
    "WalkQuestion",
    "architecture_of",
    "parameter_count",
]
