"""MNIST (LeCun, Cortes, Burges), read from a folder of the user or downloaded."""

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.contract import DatasetShape
from workers.datasets.data import Data, Samples, prepare
from workers.datasets.errors import DatasetUnavailableError
from workers.datasets.files import FetchError, KnownFile, fetch, find

SHAPE = DatasetShape(name="mnist", n_inputs=784, n_classes=10, n_train=60_000, n_eval=10_000)

TRAIN_IMAGES = KnownFile(
    "train-images-idx3-ubyte",
    sha256="ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    packed_sha256="440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
)
TRAIN_LABELS = KnownFile(
    "train-labels-idx1-ubyte",
    sha256="65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    packed_sha256="3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
)
EVAL_IMAGES = KnownFile(
    "t10k-images-idx3-ubyte",
    sha256="0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    packed_sha256="8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
)
EVAL_LABELS = KnownFile(
    "t10k-labels-idx1-ubyte",
    sha256="ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    packed_sha256="f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
)
FILES = (TRAIN_IMAGES, TRAIN_LABELS, EVAL_IMAGES, EVAL_LABELS)
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def load(data_dir: Path | None) -> Data:
    """Return the data set.

    Args:
        data_dir: Folder that holds the four IDX files, plain or gzipped, in itself or in its
            subfolder ``mnist``; missing files are downloaded to that subfolder. None
            downloads all files and does not store them.

    Raises:
        DatasetCorruptError: A file in the folder is not a file of MNIST.
        DatasetUnavailableError: A file is in no folder, and no mirror served it.
    """
    samples = Samples(
        train_x=images(obtain(TRAIN_IMAGES, data_dir)),
        train_y=labels(obtain(TRAIN_LABELS, data_dir)),
        eval_x=images(obtain(EVAL_IMAGES, data_dir)),
        eval_y=labels(obtain(EVAL_LABELS, data_dir)),
    )
    of_files = hashlib.sha256("".join(file.sha256 for file in FILES).encode()).hexdigest()
    return prepare(samples, SHAPE, of_files)


def obtain(file: KnownFile, data_dir: Path | None) -> bytes:
    """Return the uncompressed bytes of one of the files.

    Raises:
        DatasetCorruptError: The file in the folder has another hash.
        DatasetUnavailableError: The file is in no folder, and no mirror served it.
    """
    folders = () if data_dir is None else (data_dir, data_dir / "mnist")
    found = find(file, folders)
    if found is not None:
        return found
    try:
        return fetch(file, MIRRORS, None if data_dir is None else data_dir / "mnist")
    except FetchError as error:
        names = ", ".join(known.name for known in FILES)
        remedy = (
            "set FATHOM_DATA_DIR to a folder that holds the four files "
            f"{names} (plain or with .gz); downloading failed: {'; '.join(error.reasons)}"
        )
        raise DatasetUnavailableError("mnist", remedy) from error


def images(idx: bytes) -> NDArray[np.uint8]:
    """Return the images of an IDX file, one row each: uint8 of shape ``(n, rows * columns)``."""
    # The header is four big-endian int32: magic number, count, rows, columns.
    count, rows, columns = np.frombuffer(idx, dtype=">i4", count=3, offset=4)
    return np.frombuffer(idx, dtype=np.uint8, offset=16).reshape(count, rows * columns)


def labels(idx: bytes) -> NDArray[np.uint8]:
    """Return the labels of an IDX file: uint8 of shape ``(n,)``."""
    # The header is two big-endian int32: magic number, count.
    return np.frombuffer(idx, dtype=np.uint8, offset=8)
