"""Bounds of the singular values of networks with orthogonal additive filters.

References:
    [C22] Listed in `rwinit.additive_filters`.
    [DS01] K. Davidson, S. Szarek, Local operator theory, random matrices and Banach spaces, 2001,
        theorem II.13: the largest singular value of a Gaussian matrix.
"""

import math

import numpy as np

from rwinit.arguments import MAX_DEPTH, check_count, check_number
from rwinit.errors import ArgumentError
from rwinit.nonlinearities import Nonlinearity, nonlinearity


def jacobian_log_bounds(
    layers: int, *, alpha: float, beta: float, norm: float, lipschitz: float = 1.0
) -> tuple[float, float]:
    """Return bounds of ``ln(sigma)`` of all singular values of the Jacobian of filter layers [C22].

    Every factor ``alpha O + beta diag(f') W`` has its singular values within
    ``alpha -+ beta lipschitz norm``. The bounds hold before and after training.

    Args:
        layers: Filter layers L, at least 0; a network of depth D has D - 1.
        alpha: Factor of the filtered state.
        beta: Factor of the nonlinear layer.
        norm: Largest spectral norm of the matrices W, at least 0.
        lipschitz: Largest size of f', as `largest_slope` gives it.

    Returns:
        Lower and upper bound in nats; the lower one is ``-inf`` where
        ``|alpha| <= |beta| lipschitz norm``.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    count = check_count("layers", layers, MAX_DEPTH, minimum=0)
    filtered = abs(check_number("alpha", alpha))
    added = abs(check_number("beta", beta)) * check_number("norm", norm, low=0.0)
    added *= check_number("lipschitz", lipschitz, low=0.0)
    if count == 0:
        return 0.0, 0.0
    low, high = filtered - added, filtered + added
    # log1p, because 50,000 roundings of 1 - 2e-5 would show in the product.
    return (
        count * math.log1p(low - 1.0) if low > 0.0 else -math.inf,
        count * math.log1p(high - 1.0) if high > 0.0 else -math.inf,
    )


def spectral_norm_bound(
    width: int, count: int, *, g: float = 1.0, probability: float = 0.99
) -> float:
    """Return a bound that the spectral norms of all of several Gaussian matrices keep [DS01].

    A square matrix with entries of variance ``g^2 / N`` has a norm above ``g (2 + t / sqrt(N))``
    with a chance of at most ``exp(-t^2 / 2)``; the chances of ``count`` matrices are added.
    Typical norms are close to 2 g.

    Args:
        width: N.
        count: Matrices.
        g: Multiplier of the matrices over ``1 / sqrt(N)``, at least 0.
        probability: Least chance that all norms are within the bound, above 0 and below 1.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    units, matrices = check_count("width", width), check_count("count", count)
    check_number("probability", probability, above=0.0)
    if probability >= 1.0:
        raise ArgumentError("probability", probability, "above 0 and below 1")
    factor = check_number("g", g, low=0.0)
    t = math.sqrt(2.0 * (math.log(matrices) - math.log1p(-probability)))
    return factor * (2.0 + t / math.sqrt(units))


def largest_slope(activation: str | Nonlinearity, slope: float = 0.01) -> float:
    """Return the largest size of an activation's derivative, to about 1e-5.

    It is 1 for most activations, 1.13 for GELU, 1.10 for SiLU and 1.76 for SELU. Slopes are
    evaluated from -20 to 20, where every common activation has its largest.
    """
    grid = np.linspace(-20.0, 20.0, 40_001)
    return float(np.abs(nonlinearity(activation, slope).derivative(grid)).max())
