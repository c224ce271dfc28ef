import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from workers.engines.gradients import log_norm
from workers.engines.updates import clip_

numbers = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20).filter(
    lambda values: max(map(abs, values)) > 1e-3
)


@given(numbers, st.integers(-300, 300))
def test_a_log_norm_is_exact_over_the_whole_range_of_float64(
    values: list[float], exponent: int
) -> None:
    # Scaling by a power of two is exact, and moves the logarithm by its exponent.
    scaled = torch.tensor(values, dtype=torch.float64) * 2.0 ** (3 * exponent)

    found = log_norm(scaled)

    expected = 0.5 * math.log(sum(value * value for value in values)) + 3 * exponent * math.log(2)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("values", [[0.0, 0.0], [1.0, math.inf], [math.nan, 1.0], [-math.inf]])
def test_zero_and_what_is_not_finite_have_no_log_norm(values: list[float]) -> None:
    assert log_norm(torch.tensor(values, dtype=torch.float64)) is None


@given(numbers, numbers, st.floats(1e-3, 1e4))
def test_clipping_bounds_the_joint_norm_and_keeps_the_direction(
    one: list[float], two: list[float], bound: float
) -> None:
    gradients = [torch.tensor(part, dtype=torch.float64) for part in (one, two)]
    before = torch.cat(gradients)

    clip_(gradients, bound)

    after = torch.cat(gradients)
    expected = before * min(1.0, bound / before.norm().item())
    torch.testing.assert_close(after, expected, rtol=1e-12, atol=1e-300)


def test_clipping_survives_a_norm_that_float32_cannot_hold() -> None:
    gradients = [torch.full((4,), 1e30), torch.full((5,), -1e30)]

    clip_(gradients, 3.0)

    torch.testing.assert_close(gradients[0], torch.ones(4))
    torch.testing.assert_close(gradients[1], -torch.ones(5))


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_gradients_that_are_not_finite_are_not_clipped(bad: float) -> None:
    gradients = [torch.tensor([bad, 2.0])]

    clip_(gradients, 1.0)

    assert gradients[0][1] == 2.0
