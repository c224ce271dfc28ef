import numpy as np

from workers.datasets import KNOWN_SHAPES, Data, load


def spirals() -> Data:
    return load("spirals", data_dir=None, registry_dir=None)


def test_spirals_are_balanced_and_match_their_known_shape() -> None:
    data = spirals()

    assert data.shape == KNOWN_SHAPES["spirals"]
    assert data.train_x.shape == (1000, 2)
    assert data.eval_x.shape == (500, 2)
    assert data.train_y is not None
    assert data.eval_y is not None
    assert np.bincount(data.train_y).tolist() == [500, 500]
    assert np.bincount(data.eval_y).tolist() == [250, 250]
    assert np.abs(data.train_x.std(axis=0) - 1).max() < 1e-6


def test_spirals_are_the_same_everywhere() -> None:
    assert spirals().sha256 == "f80f07c31aeb28c82cb6295c8c0c139c85c533bd2cabb6a62c85eeed57bbaaf7"


def test_one_class_is_the_other_one_turned_by_half() -> None:
    x = spirals().train_x

    np.testing.assert_allclose(x[:500], -x[500:], atol=1e-6)


def test_a_sample_s_nearest_neighbour_is_of_its_class_in_the_other_split() -> None:
    data = spirals()

    distances = np.linalg.norm(data.eval_x[:, None] - data.train_x, axis=2)
    assert data.train_y is not None
    wrong = data.train_y[distances.argmin(axis=1)] != data.eval_y

    # The arms meet in the centre, where neighbours differ.
    assert wrong.mean() < 0.01


def test_no_linear_readout_of_the_inputs_tells_the_spirals_apart() -> None:
    data = spirals()
    assert data.train_y is not None
    angles = np.linspace(0, 2 * np.pi, 721)
    projections = data.train_x @ np.stack([np.cos(angles), np.sin(angles)])

    # By symmetry the best linear classifier passes through the centre, or does no better outside.
    errors = ((projections > 0) != (data.train_y[:, None] == 1)).mean(axis=0)
    assert errors.min() > 0.35
