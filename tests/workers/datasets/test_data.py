import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from workers.contract import DatasetShape
from workers.datasets import Data
from workers.datasets.data import Samples, prepare


def _prepared(train_x: NDArray[np.float64], eval_x: NDArray[np.float64]) -> Data:
    shape = DatasetShape(
        name="x", n_inputs=train_x.shape[1], n_classes=0, n_train=len(train_x), n_eval=len(eval_x)
    )
    return prepare(Samples(train_x=train_x, train_y=None, eval_x=eval_x, eval_y=None), shape, "")


@given(
    hnp.arrays(np.float64, (30, 3), elements=st.floats(-1e3, 1e3, width=16)),
    st.floats(1e-6, 1e6),
    st.floats(-1e3, 1e3),
)
@settings(max_examples=50)
def test_training_inputs_have_mean_zero_and_deviation_one(
    x: NDArray[np.float64], scale: float, offset: float
) -> None:
    x = np.concatenate([x, x[:1] + 1.0])  # no dimension is constant

    out = _prepared((x + offset) * scale, x).train_x.astype(np.float64)

    assert np.abs(out.mean(axis=0)).max() < 1e-5
    assert np.abs(out.std(axis=0) - 1.0).max() < 1e-5


def test_the_test_split_is_standardised_by_the_training_split() -> None:
    data = _prepared(np.array([[1.0], [3.0]]), np.array([[5.0]]))

    assert data.train_x.tolist() == [[-1.0], [1.0]]
    assert data.eval_x.tolist() == [[3.0]]


@pytest.mark.parametrize("constant", [0.0, 0.1, -7.3e5])
def test_a_constant_dimension_becomes_zero_in_both_splits(constant: float) -> None:
    # 0.1 summed 30 times is not 3: its mean is off by a rounding.
    train_x = np.stack([np.full(30, constant), np.arange(30.0)], axis=1)

    data = _prepared(train_x, train_x + 1.0)

    assert not data.train_x[:, 0].any()
    assert not data.eval_x[:, 0].any()
    assert data.train_x[:, 1].all()


def test_chunks_of_a_large_split_are_all_standardised() -> None:
    train_x = np.random.default_rng(0).normal(3.0, 2.0, size=(10_000, 2))

    out = _prepared(train_x, train_x[:1]).train_x

    expected = (train_x - train_x.mean(axis=0)) / train_x.std(axis=0)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-6)


def test_arrays_are_read_only() -> None:
    data = _prepared(np.array([[1.0], [3.0]]), np.array([[5.0]]))

    with pytest.raises(ValueError, match="read-only"):
        data.train_x[0, 0] = 1.0


def test_a_data_set_travels_between_processes() -> None:
    data = _prepared(np.array([[1.0], [3.0]]), np.array([[5.0]]))

    there = pickle.loads(pickle.dumps(data, protocol=5))

    assert there.shape == data.shape
    assert np.array_equal(there.train_x, data.train_x)
