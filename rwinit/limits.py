"""Limits of depth: the chance of a dead layer, the sum of inverse widths, the deepest network.

References:
    [HR18] B. Hanin, D. Rolnick, How to Start Training, arXiv:1803.01719.
    [derived] Worked out for this package and checked by simulation.
"""

import math
import os
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rwinit.arguments import (
    HOMOGENEOUS_NAMES,
    MAX_DEPTH,
    check_choice,
    check_count,
    check_keep,
    check_slope,
    check_widths,
)
from rwinit.configurations import broadcast, counts, fractions, numbers
from rwinit.errors import ArgumentError
from rwinit.nonlinearities import ACTIVATION_NAMES, Nonlinearity, nonlinearity
from rwinit.simulation import STANDARD, Conditions
from rwinit.walks import WalkLaw, chance_within, step_moments, walk_law

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
        ArgumentError: An argument is not allowed. Hardtanh is not: it is flat on both sides, so
            that the probability depends on g and on the input.
    """
    check_choice("activation", activation, ACTIVATION_NAMES)
    if activation == "hardtanh":
        raise ArgumentError(
            "activation",
            activation,
            "any but hardtanh, whose dead networks rwinit.simulate_walks counts",
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
    """Return the sum of ``1 / n_j`` over the hidden layers; [HR18] advise to keep it bounded.

    Raises:
        ArgumentError: A width is not allowed.
    """
    return math.fsum(1.0 / width for width in check_widths(widths))


def depth_limit(
    activation: str | Nonlinearity,
    width: ArrayLike,
    bound: ArrayLike,
    probability: ArrayLike = 0.95,
    *,
    g: ArrayLike | None = None,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
    conditions: Conditions = STANDARD,
    max_depth: int = 1000,
    seed: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> Array:
    """Return the largest depth at which the log gradient norm stays within a bound.

    That is, the largest D with ``P(|ln(|delta_1| / |delta_D|)| <= bound) >= probability``, for
    the normal law of `rwinit.walk_law`. Linear, ReLU and leaky ReLU layers without biases have an
    exact answer. Any other activation is simulated at a dozen depths, which takes seconds and is
    good to some percent of D.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        width: Units per hidden layer, integers of any shape.
        bound: Nats, at least 0, of any shape that broadcasts.
        probability: Above 0 and below 1, of any shape that broadcasts.
        g: Multiplier of the hidden matrices, above 0; None takes the unbiased one, which for
            other activations than those three depends on the depth as well.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.
        conditions: Statistics of the input, the first matrix and the biases.
        max_depth: The deepest network to simulate; read only where there is no exact answer.
        seed: Non-negative seed of the simulation.
        cache_dir: Folder of cached results; None takes ``RWINIT_CACHE_DIR`` or the user's
            cache folder.

    Returns:
        Whole numbers of at least 1 as float64; ``inf`` where the walk neither drifts nor
        spreads, and where it stays within the bound up to ``max_depth``.

    Raises:
        GainNotFoundError: ``g`` is None, and no g leaves a simulated walk without drift.
        ArgumentError: An argument is not allowed, or most simulated networks pass no error.
    """
    chosen = nonlinearity(activation, slope)
    widths, deepest = counts("width", width), check_count("max_depth", max_depth, MAX_DEPTH)
    bounds = numbers("bound", bound, low=0.0)
    chances = fractions("probability", probability)
    gains = None if g is None else numbers("g", g, above=0.0)
    if chosen.built_in and chosen.name in HOMOGENEOUS_NAMES and conditions.bias_deviation == 0:
        return _exact_limit(chosen.name, widths, bounds, chances, gains, weights, slope, keep)
    law = partial(
        walk_law,
        activation,
        weights=weights,
        slope=slope,
        keep=keep,
        conditions=conditions,
        seed=seed,
        cache_dir=cache_dir,
    )
    # Without a g these are placeholders: `walk_law` then takes the unbiased g of every depth.
    grid = broadcast(
        width=widths,
        bound=bounds,
        probability=chances,
        g=np.ones(()) if gains is None else gains,
    )
    limits = [
        _simulated_limit(
            partial(law, int(n), g=None if gains is None else float(x)), float(b), float(p), deepest
        )
        for n, b, p, x in zip(*(axis.flat for axis in grid), strict=True)
    ]
    return np.array(limits, dtype=np.float64).reshape(grid[0].shape)


def _exact_limit(
    activation: str,
    widths: Array,
    bounds: Array,
    chances: Array,
    gains: Array | None,
    weights: str,
    slope: float,
    keep: float,
) -> Array:
    mean, variance = step_moments(activation, widths, weights, slope, keep)
    # At the unbiased g the drift is exactly 0: a rounded g would end every walk at 1e16 layers.
    drift = np.zeros_like(mean) if gains is None else np.log(gains) + mean / 2.0
    arrays = broadcast(width=drift, variance=variance / 4.0, bound=bounds, probability=chances)
    return 1.0 + _most_steps(*arrays)


def _simulated_limit(
    law: Callable[[int], WalkLaw], bound: float, probability: float, deepest: int
) -> float:
    """Return the limit of one configuration, found by doubling and bisection."""

    def holds(depth: int) -> bool:
        return float(law(depth).within(bound)) >= probability

    low, high = 1, min(2, deepest)
    while holds(high):
        if high == deepest:
            return math.inf
        low, high = high, min(2 * high, deepest)
    # The simulation is not more precise than one part in fifty.
    while high - low > max(1, low // 50):
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return float(low)


def _most_steps(drift: Array, variance: Array, bound: Array, probability: Array) -> Array:
    """Return the largest number of steps that stays within the bound, by bisection.

    The probability to be within the bound falls with every step.
    """

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
