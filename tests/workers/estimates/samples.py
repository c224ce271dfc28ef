"""A data set of noise of any size."""

import numpy as np

from workers.contract import DatasetShape
from workers.datasets import Data


def noise(*, n_inputs: int = 64, n_train: int = 500, n_eval: int = 100) -> Data:
    """Return random samples of ten classes under the name of digits."""
    rng = np.random.default_rng(0)

    def inputs(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return rng.standard_normal((count, n_inputs), dtype=np.float32)

    return Data(
        train_x=inputs(n_train),
        train_y=rng.integers(0, 10, n_train),
        eval_x=inputs(n_eval),
        eval_y=rng.integers(0, 10, n_eval),
        shape=DatasetShape(
            name="digits", n_inputs=n_inputs, n_classes=10, n_train=n_train, n_eval=n_eval
        ),
        sha256="0" * 64,
    )
