import numpy as np

from workers.datasets import KNOWN_SHAPES, load


def test_digits_are_split_in_proportion_and_match_their_known_shape() -> None:
    data = load("digits", data_dir=None, registry_dir=None)

    assert data.shape == KNOWN_SHAPES["digits"]
    assert data.train_x.shape == (1437, 64)
    assert data.eval_x.shape == (360, 64)
    assert data.train_y is not None
    assert data.eval_y is not None
    shares = np.bincount(data.eval_y) / (np.bincount(data.eval_y) + np.bincount(data.train_y))
    assert np.abs(shares - 360 / 1797).max() < 0.005


def test_digits_are_the_same_everywhere() -> None:
    data = load("digits", data_dir=None, registry_dir=None)

    assert data.sha256 == "87ff0c9e40dc7e2c0e34e7257799c2e3f3aec1a016363bb11cad869ec428a826"
    assert data.eval_y is not None
    assert data.eval_y[:12].tolist() == [4, 5, 9, 4, 5, 0, 2, 7, 8, 6, 7, 2]
    assert np.abs(data.train_x.mean(axis=0)).max() < 1e-6
