"""The 8 x 8 handwritten digits of scikit-learn: small, without a download, the default."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.contract import DatasetShape
from workers.datasets.data import Data, Samples, prepare
from workers.datasets.errors import DatasetUnavailableError
from workers.seeding import permutation

SHAPE = DatasetShape(name="digits", n_inputs=64, n_classes=10, n_train=1437, n_eval=360)


def load(data_dir: Path | None = None) -> Data:
    """Return the data set; every class has a fifth of its samples in the test split.

    Args:
        data_dir: Not read: the samples come with scikit-learn.

    Raises:
        DatasetUnavailableError: scikit-learn is not installed.
    """
    table = np.loadtxt(_file(), delimiter=",", dtype=np.uint8)
    x, y = table[:, :-1].copy(), table[:, -1].copy()
    held_out = _held_out(y, SHAPE.n_eval)
    samples = Samples(
        train_x=x[~held_out], train_y=y[~held_out], eval_x=x[held_out], eval_y=y[held_out]
    )
    return prepare(samples, SHAPE, hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest())


def _file() -> Path:
    """Return the file of the samples, without importing scikit-learn, which would be slow."""
    package = find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise DatasetUnavailableError("digits", "it comes with scikit-learn; install it")
    path = Path(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    if not path.is_file():
        raise DatasetUnavailableError("digits", f"this scikit-learn has no {path}")
    return path


def _held_out(labels: NDArray[np.uint8], n_eval: int) -> NDArray[np.bool_]:
    """Return the mask of the test samples: an equal share of each class, by fixed orders."""
    counts = np.bincount(labels)
    # Shares are rounded by the method of largest remainders, so that they add up to `n_eval`.
    share = counts * n_eval / len(labels)
    quota = np.floor(share).astype(np.int64)
    largest_remainders = np.argsort(quota - share, kind="stable")[: n_eval - quota.sum()]
    quota[largest_remainders] += 1
    held_out = np.zeros(len(labels), dtype=np.bool_)
    for label, n_held in enumerate(quota):
        members = np.flatnonzero(labels == label)
        order = permutation("digits-split", 0, label, len(members))
        held_out[members[order[:n_held]]] = True
    return held_out
