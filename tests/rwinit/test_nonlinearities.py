"""Numpy activations against their torch twins, and their derivatives against autograd."""

import numpy as np
import pytest
import torch

from rwinit import (
    ACTIVATION_NAMES,
    NONLINEARITIES,
    ArgumentError,
    Nonlinearity,
    activation_function,
    nonlinearity,
)


def test_the_names_are_those_of_the_torch_activations() -> None:
    assert tuple(NONLINEARITIES) == ACTIVATION_NAMES


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_values_and_slopes_are_those_of_torch(name: str) -> None:
    # No kink is among the points.
    x = torch.linspace(-6.05, 6.15, 123, dtype=torch.float64, requires_grad=True)
    value = activation_function(name, 0.3)(x)
    (slope,) = torch.autograd.grad(value.sum(), x)

    f = nonlinearity(name, 0.3)

    points = x.detach().numpy()
    np.testing.assert_allclose(f.function(points), value.detach().numpy(), rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(f.derivative(points), slope.numpy(), rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("name", ACTIVATION_NAMES)
def test_both_functions_are_finite_far_out_and_linear_close_to_zero(name: str) -> None:
    f = NONLINEARITIES[name]
    far = np.array([-1e62, -1e30, -800.0, 800.0, 1e30, 1e62])
    near = np.array([-1e-60, 1e-60])

    assert np.isfinite(f.function(far)).all()
    assert np.isfinite(f.derivative(far)).all()
    if f.function(np.zeros(1))[0] == 0:
        np.testing.assert_allclose(f.function(near) / near, f.derivative(near), rtol=1e-12)


def test_the_slope_of_tanh_keeps_its_digits_where_it_saturates() -> None:
    slope = NONLINEARITIES["tanh"].derivative(np.array([30.0]))

    np.testing.assert_allclose(slope, 4 * np.exp(-60.0), rtol=1e-12)


def test_a_nonlinearity_passes_through_and_a_bare_function_is_refused() -> None:
    cube = Nonlinearity("cube", lambda x: x**3, lambda x: 3 * x**2)

    assert nonlinearity(cube) is cube
    assert nonlinearity("leaky_relu", 0.2) is nonlinearity("leaky_relu", 0.2)
    with pytest.raises(ArgumentError, match=r"rwinit\.Nonlinearity, which holds a function and"):
        nonlinearity(np.tanh)  # type: ignore[arg-type]  # a mistake on purpose
    with pytest.raises(ArgumentError, match="activation must be one of linear"):
        nonlinearity("swish")
