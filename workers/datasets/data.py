"""A loaded data set, and the standardisation of its inputs."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workers.contract import DatasetShape

_CHUNK = 4096
"""Rows that are converted to float64 at a time, so that a large data set is never copied whole."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Data:
    """The samples of a data set, standardised; the arrays are read-only.

    Attributes:
        train_x: Inputs, float32, shape ``(n_train, n_inputs)``.
        train_y: Labels, int64, shape ``(n_train,)``; None if the data set has none.
        eval_x: Inputs of the test split, float32, shape ``(n_eval, n_inputs)``.
        eval_y: Its labels, int64, shape ``(n_eval,)``, or None.
        shape: Name and sizes of the data set.
        sha256: Hash of the source the samples came from, before standardisation.
    """

    train_x: NDArray[np.float32]
    train_y: NDArray[np.int64] | None
    eval_x: NDArray[np.float32]
    eval_y: NDArray[np.int64] | None
    shape: DatasetShape
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """The samples of a data set before standardisation, as numbers of any real type.

    Attributes:
        train_x: Shape ``(n_train, n_inputs)``.
        train_y: Integers from 0, shape ``(n_train,)``, or None.
        eval_x: Shape ``(n_eval, n_inputs)``.
        eval_y: Shape ``(n_eval,)``, or None.
    """

    train_x: NDArray[Any]  # any real type: sources differ
    train_y: NDArray[np.integer] | None
    eval_x: NDArray[Any]
    eval_y: NDArray[np.integer] | None


def prepare(samples: Samples, shape: DatasetShape, sha256: str) -> Data:
    """Return the standardised data set.

    Each dimension of both splits is centred by the training split's mean and divided by its
    population standard deviation. A dimension that is constant in the training split
    becomes 0 in both.

    Args:
        samples: Samples as the source gives them; finite.
        shape: Name and sizes of the data set.
        sha256: Hash of the source.
    """
    mean, scale = _moments(samples.train_x)
    return Data(
        train_x=_standardised(samples.train_x, mean, scale),
        train_y=_labels(samples.train_y),
        eval_x=_standardised(samples.eval_x, mean, scale),
        eval_y=_labels(samples.eval_y),
        shape=shape,
        sha256=sha256,
    )


def _moments(x: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each dimension's mean and reciprocal deviation (0 where it is constant)."""
    mean = x.mean(axis=0, dtype=np.float64)
    variance = np.zeros_like(mean)
    for start in range(0, len(x), _CHUNK):
        variance += np.square(x[start : start + _CHUNK] - mean).sum(axis=0)
    deviation = np.sqrt(variance / len(x))
    # The mean of equal numbers can be off by a rounding, which would leave a deviation of
    # 1e-17 and turn the rounding into the signal; so constancy is tested on the numbers.
    varies = (x.max(axis=0) > x.min(axis=0)) & (deviation > 0)
    return mean, np.where(varies, 1.0 / np.where(varies, deviation, 1.0), 0.0)


def _standardised(
    x: NDArray[Any], mean: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float32]:
    out = np.empty(x.shape, dtype=np.float32)
    for start in range(0, len(x), _CHUNK):
        out[start : start + _CHUNK] = (x[start : start + _CHUNK] - mean) * scale
    out.flags.writeable = False
    return out


def _labels(y: NDArray[np.integer] | None) -> NDArray[np.int64] | None:
    if y is None:
        return None
    out = y.astype(np.int64)
    out.flags.writeable = False
    return out
