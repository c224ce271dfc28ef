"""Two intertwined spirals in the plane: tiny, made by arithmetic, and far from linear.

Each class is a spiral of three turns, the other one's image under a half turn. Any linear readout
of the inputs has at least 40 % training error, and the best linear readout of 32 random tanh units
about a third, so that low errors show that the layers in between have learned.

References:
    [LW88] K. Lang, M. Witbrock, Learning to Tell Two Spirals Apart, 1988: the problem, with 97
        points for each class at equal steps of the angle.
"""

import hashlib
import math
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from workers.contract import DatasetShape
from workers.datasets.data import Data, Samples, prepare

SHAPE = DatasetShape(name="spirals", n_inputs=2, n_classes=2, n_train=1000, n_eval=500)

_TURNS: Final = 3.0
# Coordinates are multiples of this power of two: platforms differ in the last bits of a sine.
_GRID: Final = 2.0**-20


def load(data_dir: Path | None = None) -> Data:
    """Return the data set; both classes have the same number of samples in both splits.

    Args:
        data_dir: Not read: the samples are computed.
    """
    # Places along the arm of the two splits never coincide.
    train_x, train_y = _spirals(SHAPE.n_train // 2, offset=0.25)
    eval_x, eval_y = _spirals(SHAPE.n_eval // 2, offset=0.75)
    samples = Samples(train_x=train_x, train_y=train_y, eval_x=eval_x, eval_y=eval_y)
    parts = (train_x, eval_x, train_y, eval_y)
    digest = hashlib.sha256(
        b"".join(part.astype(part.dtype.newbyteorder("<")).tobytes() for part in parts)
    )
    return prepare(samples, SHAPE, digest.hexdigest())


def _spirals(count: int, offset: float) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return ``2 count`` points and their classes.

    Args:
        count: Points of each class.
        offset: Place of the first point, as a share of the step between two.
    """
    # The square root spaces points about evenly along an arm, whose radius grows with its angle.
    radius = np.sqrt((np.arange(count) + offset) / count)
    angle = 2.0 * math.pi * _TURNS * radius
    arm = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    arm = np.round(arm / _GRID) * _GRID
    return np.concatenate([arm, -arm]), np.repeat(np.arange(2), count)
