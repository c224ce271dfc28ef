"""Widths of budgets: what bisection finds against the closed form of a feed-forward network."""

import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.planner.networks import _widest, network_of, width_of
from service.spec import Point, points
from tests.factories import DIGITS
from tests.spec.documents import minimal, network, read
from workers.architectures import ARCHITECTURES, parameter_count
from workers.contract import Activation, Network


def feed_forward(depth: int, width: int = 1) -> Network:
    return Network(kind="ffn", activation=Activation.RELU, slope=0.01, depth=depth, width=width)


def parameters_by_hand(sizes: list[int]) -> int:
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(sizes))


def widest_in_closed_form(n_inputs: int, n_outputs: int, depth: int, budget: int) -> int:
    """Return the largest N with ``a N^2 + b N + n_outputs <= budget``; 0 for none."""
    # Whole-number roots are exact where floats are not.
    square, linear, left = depth - 1, n_inputs + n_outputs + depth, budget - n_outputs
    if left < 0:
        return 0
    if square == 0:
        return left // linear
    return (math.isqrt(linear * linear + 4 * square * left) - linear) // (2 * square)


def only_point(**changes: object) -> Point:
    (point,) = points(read(minimal(**changes)))
    return point


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 12), st.integers(1, 60))
def test_the_parameter_count_is_the_sum_over_the_layers(
    n_inputs: int, n_outputs: int, depth: int, width: int
) -> None:
    groups = ARCHITECTURES["ffn"].parameters(feed_forward(depth, width), n_inputs, n_outputs)

    assert parameter_count(groups) == parameters_by_hand([n_inputs, *[width] * depth, n_outputs])


_budgets = st.one_of(st.integers(0, 2000), st.integers(1, 10**12))


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 2000), _budgets)
@example(n_inputs=64, n_outputs=10, depth=4, budget=90)  # one too few for width 1
@example(n_inputs=64, n_outputs=10, depth=4, budget=91)
@example(n_inputs=64, n_outputs=10, depth=1, budget=9)  # not even the last biases
def test_bisection_finds_the_width_of_the_closed_form(
    n_inputs: int, n_outputs: int, depth: int, budget: int
) -> None:
    width = _widest(feed_forward(depth), n_inputs, n_outputs, budget)

    assert width == widest_in_closed_form(n_inputs, n_outputs, depth, budget)
    sizes = [n_inputs, *[width] * depth, n_outputs]
    assert width == 0 or parameters_by_hand(sizes) <= budget
    assert parameters_by_hand([n_inputs, *[width + 1] * depth, n_outputs]) > budget


@pytest.mark.parametrize(("budget", "width"), [(90, 0), (91, 1), (177, 1), (178, 2)])
def test_a_width_starts_at_the_budget_that_pays_for_it(budget: int, width: int) -> None:
    # Depth 4 on digits: 3 N^2 + 78 N + 10 parameters.
    point = only_point(network=network(width={"parameters": budget}))

    assert width_of(point, DIGITS) == width


def test_a_width_that_is_written_is_the_width() -> None:
    assert width_of(only_point(network=network(width=37)), DIGITS) == 37


def test_a_network_has_the_numbers_of_its_point() -> None:
    point = only_point(network=network(activation="leaky_relu", slope=0.3, depth=7, width=9))

    assert network_of(point, 12) == Network(
        kind="ffn", activation=Activation.LEAKY_RELU, slope=0.3, depth=7, width=12
    )
