"""Data sets that need no registration: one line each."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from workers.contract import DatasetShape
from workers.datasets import digits, mnist, spirals
from workers.datasets.data import Data

LOADERS: Mapping[DatasetShape, Callable[[Path | None], Data]] = MappingProxyType(
    {digits.SHAPE: digits.load, mnist.SHAPE: mnist.load, spirals.SHAPE: spirals.load}
)
"""From the sizes of a data set, known without loading it, to what loads it from a data folder."""

KNOWN_SHAPES: Mapping[str, DatasetShape] = MappingProxyType({each.name: each for each in LOADERS})
"""Sizes of the well-known data sets by name."""
