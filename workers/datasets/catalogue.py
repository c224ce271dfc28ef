"""From a name to its data set, whatever the source."""

from collections.abc import Mapping
from pathlib import Path

from workers.contract import DatasetShape
from workers.datasets import registered
from workers.datasets.data import Data
from workers.datasets.well_known import KNOWN_SHAPES, LOADERS


def load(name: str, *, data_dir: Path | None, registry_dir: Path | None) -> Data:
    """Return a data set, standardised.

    Args:
        name: Of a well-known or a registered data set.
        data_dir: Where files of well-known data sets lie and are kept; None for nowhere.
        registry_dir: Where registered data sets lie; None for no registry.

    Raises:
        DatasetUnknownError: No data set has this name.
        DatasetUnavailableError: Its samples are neither here nor to be had.
        DatasetCorruptError: Its file is not the one that was hashed.
    """
    shape = KNOWN_SHAPES.get(name)
    return registered.load(name, registry_dir) if shape is None else LOADERS[shape](data_dir)


def shapes(registry_dir: Path | None) -> Mapping[str, DatasetShape]:
    """Return the sizes of every data set by name, loading none; well-known ones first."""
    extra = {found.shape.name: found.shape for found in registered.list_registered(registry_dir)}
    return {**KNOWN_SHAPES, **extra}
