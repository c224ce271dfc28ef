"""Laws and simulations against networks of full matrices, forwards and backwards."""

import math
from dataclasses import dataclass

import numpy as np
import pytest

from rwinit import (
    ACTIVATION_NAMES,
    Conditions,
    gain,
    log_gain_law,
    simulate_walks,
    walk_law,
    walk_law_of_widths,
)
from tests.rwinit.brute_force import distance, full_walks


@dataclass(frozen=True)
class Case:
    activation: str
    weights: str
    width: int
    depth: int
    g: float
    seed: int


def cases() -> list[Case]:
    rng = np.random.default_rng(2014)
    drawn = []
    for seed in range(30):
        activation = ACTIVATION_NAMES[seed % len(ACTIVATION_NAMES)]
        weights = str(rng.choice(["gaussian", "orthogonal"]))
        width, depth = int(rng.integers(1, 17)), int(rng.integers(2, 13))
        # Sigmoid-centred, GELU and SiLU pass about half of a small signal.
        scale = 2.0 if activation in ("sigmoid_centred", "gelu", "silu") else 1.0
        g = round(scale * float(rng.uniform(0.7, 1.8)), 3)
        drawn.append(Case(activation, weights, width, depth, g, seed))
    return drawn


@pytest.mark.parametrize("case", cases(), ids=str)
def test_the_vector_step_has_the_law_of_full_matrices(case: Case) -> None:
    widths = [case.width] * case.depth
    full = full_walks(case.activation, case.weights, widths, case.g, 3000, case.seed)

    walks = simulate_walks(
        case.activation, widths, g=case.g, n_samples=6000, weights=case.weights, seed=case.seed
    )

    backward, forward = walks.log_gains, walks.log_signal_gains
    alive = np.isfinite(backward) & np.isfinite(forward)
    for measured, simulated in ((full.backward, backward), (full.forward, forward)):
        sample = simulated[alive]
        error = float(sample.std()) / math.sqrt(len(sample))
        assert distance(measured, float(sample.mean()), error) < 4
        spread = float(sample.std())
        squares = (measured - measured.mean()) ** 2
        own = (sample - sample.mean()) ** 2
        error = float(own.std()) / math.sqrt(len(own))
        assert distance(squares, spread**2, error) < 4
    if case.activation in ("linear", "relu", "leaky_relu"):
        law = walk_law(case.activation, case.width, case.depth, g=case.g, weights=case.weights)
        for measured in (full.backward, full.forward):
            assert distance(measured, 2.0 * float(law.drift)) < 4


@pytest.mark.parametrize(
    ("activation", "weights"),
    [
        ("linear", "gaussian"),
        ("relu", "gaussian"),
        ("relu", "orthogonal"),
        ("leaky_relu", "gaussian"),
    ],
)
def test_brute_force_sees_a_gain_whose_third_digit_is_wrong(activation: str, weights: str) -> None:
    width, depth, slope = 8, 12, 0.5
    g = gain(activation, width, weights=weights, slope=slope)

    full = full_walks(activation, weights, [width] * depth, g, 40_000, 1, slope=slope)

    for measured in (full.backward, full.forward):
        assert distance(measured, 0.0) < 4
    for factor in (0.995, 1.005):
        # Of a homogeneous network a factor of every matrix is one of every walk.
        shift = 2.0 * (depth - 1) * math.log(factor)
        assert max(distance(full.backward, shift), distance(full.forward, shift)) > 4


@pytest.mark.parametrize("keep", [0.5, 0.9])
@pytest.mark.parametrize("slope", [0.0, 0.01, -0.5, 3.0])
@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
def test_the_leaky_law_with_dropout_is_that_of_full_matrices(
    slope: float, keep: float, weights: str
) -> None:
    full = full_walks("leaky_relu", weights, [4, 4], 1.0, 15_000, 5, slope=slope, keep=keep)

    law = log_gain_law("leaky_relu", 4, weights=weights, slope=slope, keep=keep)

    for sample in (full.backward, full.forward):
        assert distance(sample, law.mean) < 4
        assert distance((sample - law.mean) ** 2, law.variance) < 4


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize("activation", ["linear", "relu", "leaky_relu"])
def test_the_law_of_unequal_widths_is_that_of_full_matrices(activation: str, weights: str) -> None:
    widths = [5, 9, 3, 7, 4]
    full = full_walks(activation, weights, widths, 1.2, 15_000, 6)

    law = walk_law_of_widths(activation, widths, g=1.2, weights=weights)

    assert distance(full.backward, 2.0 * float(law.drift)) < 4
    squares = (full.backward - 2.0 * float(law.drift)) ** 2
    assert distance(squares, 4.0 * float(law.spread) ** 2) < 4


def test_unequal_widths_are_simulated_as_full_matrices_are() -> None:
    widths = [5, 9, 3, 7]
    full = full_walks("tanh", "gaussian", widths, 1.3, 10_000, 7)

    walks = simulate_walks("tanh", widths, g=1.3, n_samples=10_000)

    sample = walks.log_gains
    error = float(sample.std()) / math.sqrt(len(sample))
    assert distance(full.backward, float(sample.mean()), error) < 4


@pytest.mark.parametrize("weights", ["gaussian", "orthogonal"])
@pytest.mark.parametrize(
    "conditions",
    [
        Conditions(n_inputs=3, input_mean=0.7, input_deviation=1.5, g_in=0.8),
        Conditions(n_inputs=20, input_deviation=2.0),
        Conditions(bias_deviation=0.5),
    ],
)
def test_conditions_are_simulated_as_they_are_in_full_networks(
    conditions: Conditions, weights: str
) -> None:
    # The first matrix of a tall orthogonal layer and biases are what differs between settings.
    full = full_walks("tanh", weights, [6, 6, 6], 1.4, 10_000, 8, conditions=conditions, keep=0.8)

    walks = simulate_walks(
        "tanh", [6, 6, 6], g=1.4, n_samples=10_000, weights=weights, keep=0.8, conditions=conditions
    )

    for measured, simulated in (
        (full.backward, walks.log_gains),
        (full.forward, walks.log_signal_gains),
    ):
        sample = simulated[np.isfinite(simulated)]
        error = float(sample.std()) / math.sqrt(len(sample))
        assert distance(measured, float(sample.mean()), error) < 4


def test_a_simulated_gain_leaves_full_networks_without_drift() -> None:
    for activation in ("tanh", "softplus"):
        g = gain(activation, 12, 8, standard_error=4e-3)

        full = full_walks(activation, "gaussian", [12] * 8, g, 8000, 9)

        # The slope of ln Z in ln g is below twice the number of steps for both.
        assert distance(full.backward, 0.0, 4e-3 * 14) < 4
        off = full_walks(activation, "gaussian", [12] * 8, 1.1 * g, 8000, 9)
        assert distance(off.backward, 0.0, 4e-3 * 14) > 4
