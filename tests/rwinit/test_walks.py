"""Drift, spread and quantiles of whole walks, with any g and any widths."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rwinit import (
    ArgumentError,
    GainNotFoundError,
    Nonlinearity,
    UnsupportedActivationError,
    WalkLaw,
    gain,
    log_gain_law,
    simulate_walks,
    walk_law,
    walk_law_of_widths,
)

WIDTHS = st.integers(1, 100_000)
DEPTHS = st.integers(1, 10_000)


@given(WIDTHS, DEPTHS, st.floats(0.5, 3.0))
def test_an_exact_walk_takes_one_step_less_than_the_depth(width: int, depth: int, g: float) -> None:
    law, step = walk_law("relu", width, depth, g=g), log_gain_law("relu", width)

    steps = depth - 1
    assert float(law.drift) == pytest.approx(steps * (math.log(g) + step.mean / 2), rel=1e-12)
    assert float(law.spread) == pytest.approx(math.sqrt(steps * step.variance) / 2, rel=1e-12)
    assert float(law.drift_error) == 0
    assert int(law.n_samples) == 0


def test_the_numbers_of_four_million_weights_at_a_thousand_layers() -> None:
    he = walk_law("relu", 62, 1000, g=math.sqrt(2))
    unbiased = walk_law("relu", 62, 1000)

    assert float(he.drift) == pytest.approx(-20.7, abs=0.05)
    assert float(unbiased.drift) == pytest.approx(0, abs=1e-10)
    assert float(unbiased.spread) == pytest.approx(4.6, abs=0.05)


def test_arrays_of_configurations_broadcast() -> None:
    widths, depths = np.array([10, 100, 1000]), np.array([[10], [1000]])

    law = walk_law("relu", widths, depths, g=[1.4, 1.41, 1.42])

    assert law.drift.shape == law.spread.shape == law.n_samples.shape == (2, 3)
    one = walk_law("relu", 100, 1000, g=1.41)
    assert (law.drift[1, 1], law.spread[1, 1]) == (one.drift, one.spread)
    assert law.quantile(0.05).shape == law.within(2.0).shape == (2, 3)


def test_quantiles_are_those_of_simulated_walks() -> None:
    law = walk_law("relu", 20, 60, g=1.5)
    sample = np.sort(simulate_walks("relu", [20] * 60, g=1.5, n_samples=4000).log_gains / 2)
    sample = sample[np.isfinite(sample)]

    for probability in (0.05, 0.25, 0.5, 0.75, 0.95):
        below = float(np.mean(sample <= law.quantile(probability)))
        error = math.sqrt(probability * (1 - probability) / len(sample))
        # The normal law leaves out a skewness of some tenths over the root of the steps.
        assert abs(below - probability) < 4 * error + 0.01


def test_the_chance_within_a_bound_and_the_quantile_agree() -> None:
    law = walk_law("relu", 50, 200)

    assert float(law.within(law.quantile(0.975))) == pytest.approx(0.95)
    still = walk_law("linear", 50, 200, weights="orthogonal")
    assert float(still.within(0.0)) == 1
    assert float(walk_law("linear", 50, 200, weights="orthogonal", g=1.01).within(1.0)) == 0


def test_z_scores_count_standard_deviations() -> None:
    law = walk_law("relu", 50, 200, g=1.4)

    scores = law.z_score([float(law.drift), float(law.drift + 2 * law.spread), -math.inf])

    assert scores.tolist() == pytest.approx([0.0, 2.0, -math.inf])
    still = walk_law("linear", 50, 200, weights="orthogonal")
    assert still.z_score([1e-9, 0.1, -0.1]).tolist() == [0.0, math.inf, -math.inf]


@given(WIDTHS, st.integers(1, 200))
def test_equal_widths_are_a_special_case_of_any_widths(width: int, depth: int) -> None:
    for weights in ("gaussian", "orthogonal"):
        equal = walk_law("leaky_relu", width, depth, weights=weights, slope=0.2, g=1.3)

        law = walk_law_of_widths("leaky_relu", [width] * depth, weights=weights, slope=0.2, g=1.3)

        assert float(law.drift) == pytest.approx(float(equal.drift), abs=1e-9)
        assert float(law.spread) == pytest.approx(float(equal.spread), abs=1e-6)


@given(st.lists(st.integers(1, 500), min_size=1, max_size=20))
def test_the_gain_of_each_fan_in_leaves_a_drift_at_the_ends_only(widths: list[int]) -> None:
    there = walk_law_of_widths("relu", widths)
    around = walk_law_of_widths("relu", [*widths, widths[0]])

    assert float(around.drift) == pytest.approx(0, abs=1e-10)
    ends = [log_gain_law("relu", n, weights="orthogonal").mean for n in (widths[-1], widths[0])]
    expected = (ends[0] - ends[1]) / 2 if len(widths) > 1 else 0.0
    assert float(there.drift) == pytest.approx(expected, abs=1e-10)


def test_one_gain_per_step_is_a_list_of_that_length() -> None:
    law = walk_law_of_widths("relu", [10, 10, 10], g=[1.2, 1.5])

    same = walk_law_of_widths("relu", [10, 10, 10], g=math.sqrt(1.2 * 1.5))
    assert float(law.drift) == pytest.approx(float(same.drift))
    with pytest.raises(ArgumentError, match="g must be one number, or one per step, 2"):
        walk_law_of_widths("relu", [10, 10, 10], g=[1.2])


def test_other_activations_are_simulated_with_a_standard_error() -> None:
    law = walk_law("tanh", [20, 40], 15, g=1.2, n_samples=800)

    for index, width in enumerate((20, 40)):
        sample = simulate_walks("tanh", [width] * 15, g=1.2, n_samples=800, seed=5).log_gains / 2
        error = math.hypot(float(sample.std()) / math.sqrt(800), float(law.drift_error[index]))
        assert abs(float(sample.mean()) - law.drift[index]) < 4 * error
        assert law.spread[index] == pytest.approx(float(sample.std()), rel=0.15)
    assert (law.n_samples >= 800).all()
    assert (law.drift_error > 0).all()


def test_an_unbiased_simulated_walk_has_a_drift_within_its_error() -> None:
    law = walk_law("tanh", 30, 12)

    # g itself is known to 0.003; the log norm's slope in it is below a unit per step.
    assert abs(float(law.drift)) < 4 * math.hypot(float(law.drift_error), 0.003 * 11)


def test_a_custom_activation_walks_like_its_name() -> None:
    relu = Nonlinearity("mine", lambda x: np.maximum(x, 0), lambda x: np.where(x > 0, 1.0, 0.0))

    law, exact = walk_law(relu, 20, 10, g=1.5), walk_law("relu", 20, 10, g=1.5)

    assert abs(float(law.drift - exact.drift)) < 4 * float(law.drift_error)


def test_depth_one_has_no_walk() -> None:
    for activation in ("relu", "tanh"):
        law = walk_law(activation, 10, 1, g=1.3)
        assert (float(law.drift), float(law.spread)) == (0.0, 0.0)


def test_wrong_gains_of_a_thousand_layers_stay_in_range() -> None:
    for g in (1e-3, 30.0):
        for activation in ("relu", "gelu"):
            walks = simulate_walks(activation, [50] * 1000, g=g, n_samples=2)
            assert np.isfinite(walks.backward).all()
            assert np.isfinite(walks.forward).all()
            assert abs(walks.log_gains[0] - 2 * 999 * math.log(g)) < 2000


def test_small_signals_of_tanh_walk_like_linear_ones() -> None:
    walks = simulate_walks("tanh", [50] * 1000, g=0.5, n_samples=50)

    law = walk_law("linear", 50, 1000, g=0.5)
    for sample in (walks.log_gains / 2, walks.log_signal_gains / 2):
        assert abs(law.z_score(sample).mean()) < 4 / math.sqrt(len(sample))


def test_a_network_that_cannot_be_unbiased_raises() -> None:
    with pytest.raises(GainNotFoundError):
        walk_law("tanh", [30, 2], [12, 60])


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("width", {"width": 0}),
        ("width", {"width": [10, 2.5]}),
        ("depth", {"depth": -1}),
        ("g", {"g": 0.0}),
        ("g", {"g": [1.0, math.nan]}),
        ("weights", {"weights": "uniform"}),
        ("activation", {"activation": "swish"}),
        ("slope", {"slope": math.nan}),
        ("keep", {"keep": 2.0}),
        ("width, depth, g", {"width": [1, 2, 3], "depth": [1, 2]}),
    ],
)
def test_a_mistake_is_refused_by_name(name: str, mistake: dict[str, object]) -> None:
    good: dict[str, object] = {"activation": "leaky_relu", "width": 10, "depth": 5, "g": 1.0}

    with pytest.raises(ArgumentError) as caught:
        walk_law(**{**good, **mistake})  # type: ignore[arg-type]  # mistakes on purpose

    assert caught.value.name == name


def test_mistakes_of_other_walks_are_refused() -> None:
    law: WalkLaw = walk_law("relu", 10, 10)
    for probability in (0.0, 1.0, math.nan):
        with pytest.raises(ArgumentError, match="probability must be"):
            law.quantile(probability)
    with pytest.raises(ArgumentError, match=r"widths\[1\] must be an integer"):
        walk_law_of_widths("relu", [10, 0])
    with pytest.raises(ArgumentError, match="widths must be at least one"):
        walk_law_of_widths("relu", [])
    with pytest.raises(UnsupportedActivationError):
        walk_law_of_widths("tanh", [10, 10])
    with pytest.raises(ArgumentError, match="all equal where weights are orthogonal"):
        simulate_walks("tanh", [10, 20], g=1.0, n_samples=3, weights="orthogonal")
    assert gain("relu", 10) > 1


def test_where_most_networks_pass_nothing_there_is_no_law() -> None:
    for g in (1.5, 20.0):
        with pytest.raises(ArgumentError, match="most simulated networks pass an error"):
            walk_law("hardtanh", 4, 50, g=g)
