"""Look-up of data sets by name, from every source."""

from collections.abc import Mapping
from pathlib import Path

from workers.contract import DatasetShape
from workers.datasets import registered
from workers.datasets.data import Data
from workers.datasets.well_known import KNOWN_SHAPES, LOADERS


def load(name: str, *, data_dir: Path | None, registry_dir: Path | None) -> Data:
    """Return a data set, standardised.

    Args:
        name: Name of a well-known or a registered data set.
        data_dir: Folder of the files of well-known data sets, which also receives downloads; None
            for no folder.
        registry_dir: Folder of the registered data sets; None for no registry.

    Raises:
        DatasetUnknownError: No data set has this name.
        DatasetUnavailableError: The samples are not on this machine and cannot be downloaded.
        DatasetCorruptError: A file of the data set has another hash than expected.
    """
    shape = KNOWN_SHAPES.get(name)
    return registered.load(name, registry_dir) if shape is None else LOADERS[shape](data_dir)


def shapes(registry_dir: Path | None) -> Mapping[str, DatasetShape]:
    """Return the sizes of all data sets by name, without loading them; well-known ones first."""
    extra = {found.shape.name: found.shape for found in registered.list_registered(registry_dir)}
    return {**KNOWN_SHAPES, **extra}
