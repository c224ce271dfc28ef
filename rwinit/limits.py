"""What ends a walk: layers that are wholly off, widths that are too small, too much depth.

References:
    [HR18] B. Hanin, D. Rolnick, How to Start Training, arXiv:1803.01719.
    [derived] Worked out for this package and checked by simulation.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rwinit.arguments import (
    ACTIVATION_NAMES,
    MAX_DEPTH,
    check_choice,
    check_keep,
    check_slope,
    check_widths,
)
from rwinit.configurations import broadcast, counts, fractions, numbers
from rwinit.errors import ArgumentError
from rwinit.walks import chance_within, step_moments

Array = NDArray[np.float64]


def death_probability(
    activation: str, width: ArrayLike, depth: ArrayLike, *, keep: float = 1.0, slope: float = 0.01
) -> Array:
    """Return the probability that some hidden layer is wholly off, so that no error passes.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`.
        width: Units per hidden layer, integers of any shape.
        depth: Hidden layers, integers of any shape that broadcasts.
        keep: Chance of a unit to survive dropout.
        slope: Negative-side slope of ``"leaky_relu"``; at 0 it is ReLU.

    Returns:
        ``1 - (1 - 2^-N)^D`` for ReLU without dropout [derived]; without dropout 0 for every
        activation that has a slope almost everywhere.

    Raises:
        ArgumentError: An argument is not allowed; hardtanh is none, because it is flat on both
            sides: whether a whole layer is depends on g and on what enters it.
    """
    check_choice("activation", activation, ACTIVATION_NAMES)
    if activation == "hardtanh":
        raise ArgumentError(
            "activation", activation, "any but hardtanh; count its dead rwinit.simulate_walks"
        )
    check_slope(slope)
    blocked = activation == "relu" or (activation == "leaky_relu" and slope == 0.0)
    on = check_keep(keep) * (0.5 if blocked else 1.0)
    widths, depths = broadcast(
        width=counts("width", width), depth=counts("depth", depth, MAX_DEPTH)
    )
    if on == 1.0:
        return np.zeros(widths.shape)
    layer_off = np.exp(widths * math.log1p(-on))
    return np.asarray(-np.expm1(depths * np.log1p(-layer_off)))


def inverse_width_sum(widths: Sequence[int]) -> float:
    """Return the sum of ``1 / n_j`` over hidden layers, which [HR18] advise to keep bounded.

    Raises:
        ArgumentError: A width is not allowed.
    """
    return math.fsum(1.0 / width for width in check_widths(widths))


def depth_limit(
    activation: str,
    width: ArrayLike,
    bound: ArrayLike,
    probability: ArrayLike = 0.95,
    *,
    g: ArrayLike | None = None,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
) -> Array:
    """Return the largest depth at which the log gradient norm stays within a bound.

    That is, the largest D with ``P(|ln(|delta_1| / |delta_D|)| <= bound) >= probability``, for
    the normal law of the sum of D - 1 exact steps.

    Args:
        activation: ``"linear"``, ``"relu"`` or ``"leaky_relu"``.
        width: Units per hidden layer, integers of any shape.
        bound: Nats, at least 0, of any shape that broadcasts.
        probability: Above 0 and below 1, of any shape that broadcasts.
        g: Multiplier of the hidden matrices, above 0; None takes the unbiased one.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.

    Returns:
        Whole numbers of at least 1 as float64; ``inf`` where the walk neither drifts nor
        spreads.

    Raises:
        UnsupportedActivationError: The activation has no closed form here.
        ArgumentError: An argument is not allowed.
    """
    step = step_moments(activation, counts("width", width), weights, slope, keep)
    gains = np.exp(-step[0] / 2.0) if g is None else numbers("g", g, above=0.0)
    drift = np.log(gains) + step[0] / 2.0
    # exp and log of the unbiased g leave a last bit that would end every walk at 1e16 layers.
    drift = np.zeros_like(drift) if g is None else drift
    arrays = broadcast(
        width=drift,
        variance=step[1] / 4.0,
        bound=numbers("bound", bound, low=0.0),
        probability=fractions("probability", probability),
    )
    return 1.0 + _most_steps(*arrays)


def _most_steps(drift: Array, variance: Array, bound: Array, probability: Array) -> Array:
    """Return the most steps that stay within the bound; the chance falls with every step."""

    def holds(steps: Array) -> NDArray[np.bool_]:
        chance = chance_within(bound, steps * drift, np.sqrt(steps * variance))
        return np.asarray(chance >= probability)

    low, high = np.zeros(drift.shape), np.full(drift.shape, 2.0**60)
    unlimited = holds(high)
    for _ in range(61):
        middle = np.floor((low + high) / 2.0)
        good = holds(middle)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return np.where(unlimited, np.inf, low)
