"""Data sets by name: three well-known ones, and data sets registered on this machine.

Importing this package loads numpy and nothing heavier.
"""

from workers.datasets.catalogue import load, shapes
from workers.datasets.data import Data
from workers.datasets.errors import (
    DatasetCorruptError,
    DatasetError,
    DatasetExistsError,
    DatasetInvalidError,
    DatasetUnavailableError,
    DatasetUnknownError,
)
from workers.datasets.names import NAME_RULE, is_name
from workers.datasets.registered import Registered, add, list_registered
from workers.datasets.well_known import KNOWN_SHAPES

__all__ = [
    "KNOWN_SHAPES",
    "NAME_RULE",
    "Data",
    "DatasetCorruptError",
    "DatasetError",
    "DatasetExistsError",
    "DatasetInvalidError",
    "DatasetUnavailableError",
    "DatasetUnknownError",
    "Registered",
    "add",
    "is_name",
    "list_registered",
    "load",
    "shapes",
]
