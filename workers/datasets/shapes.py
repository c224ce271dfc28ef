"""Sizes of the data sets that need no registration, known without loading them."""

from collections.abc import Mapping
from types import MappingProxyType

from workers.contract import DatasetShape

DIGITS = DatasetShape(name="digits", n_inputs=64, n_classes=10, n_train=1437, n_eval=360)
MNIST = DatasetShape(name="mnist", n_inputs=784, n_classes=10, n_train=60_000, n_eval=10_000)

KNOWN_SHAPES: Mapping[str, DatasetShape] = MappingProxyType({s.name: s for s in (DIGITS, MNIST)})
