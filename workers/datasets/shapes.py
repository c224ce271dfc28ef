"""Sizes of the well-known data sets, which need no registration."""

from collections.abc import Mapping
from types import MappingProxyType

from workers.contract import DatasetShape

DIGITS = DatasetShape(name="digits", n_inputs=64, n_classes=10, n_train=1437, n_eval=360)
MNIST = DatasetShape(name="mnist", n_inputs=784, n_classes=10, n_train=60_000, n_eval=10_000)

KNOWN_SHAPES: Mapping[str, DatasetShape] = MappingProxyType({s.name: s for s in (DIGITS, MNIST)})
