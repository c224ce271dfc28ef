"""The 8 x 8 handwritten digits that scikit-learn carries: no download, small, the default."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from workers.datasets.data import Data, Samples, prepare
from workers.datasets.errors import DatasetUnavailableError
from workers.datasets.shapes import DIGITS
from workers.seeding import permutation


def load() -> Data:
    """Return the data set; every class has a fifth of its samples in the test split.

    Raises:
        DatasetUnavailableError: scikit-learn is not installed.
    """
    try:
        from sklearn.datasets import load_digits  # Here: slow, and absent on bare machines.
    except ImportError as error:
        raise DatasetUnavailableError("digits", "it comes with scikit-learn; install it") from error
    bunch = load_digits()
    x = bunch.data.astype(np.uint8)
    y = bunch.target.astype(np.uint8)
    held_out = _held_out(y, DIGITS.n_eval)
    samples = Samples(
        train_x=x[~held_out], train_y=y[~held_out], eval_x=x[held_out], eval_y=y[held_out]
    )
    return prepare(samples, DIGITS, hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest())


def _held_out(labels: NDArray[np.uint8], n_eval: int) -> NDArray[np.bool_]:
    """Return which samples the test split holds: each class in proportion, by fixed orders."""
    counts = np.bincount(labels)
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
