r"""The law of the walk over a whole network: drift and spread of the log gradient norm.

The log gradient norm here is ``ln(|delta_1| / |delta_D|) = ln(Z) / 2``: it takes D - 1 steps. For
linear, ReLU and leaky ReLU layers without biases the steps are independent, and their moments are
those of `rwinit.log_gain_law`; any other activation is simulated.

With widths that differ, a step from layer d to layer d - 1 has two independent factors: the share
of the error that the activation passes, with the orthogonal law at width ``n_d``, and the stretch
by the matrix, with the linear law at width ``n_{d-1}`` [derived].

References:
    [SA14], [derived] Listed in `rwinit.laws`.
"""

import math
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rwinit import cache
from rwinit.arguments import (
    HOMOGENEOUS_NAMES,
    MAX_DEPTH,
    WEIGHT_LAWS,
    check_choice,
    check_count,
    check_keep,
    check_widths,
)
from rwinit.configurations import broadcast, counts, fractions, numbers, step_gains
from rwinit.gains import gain, gain_array
from rwinit.laws import LogGainLaw, log_gain_law
from rwinit.nonlinearities import Nonlinearity, nonlinearity
from rwinit.simulated_walks import SimulatedLaw, simulated_law
from rwinit.simulation import STANDARD, Conditions

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WalkLaw:
    """Normal approximation of the log gradient norm, for one or many configurations.

    The sum of D - 1 steps is close to normal from about ten steps on; its mean and standard
    deviation are exact at every depth, unless they are simulated.

    Attributes:
        drift: Mean of ``ln(|delta_1| / |delta_D|)``, in nats.
        spread: Standard deviation of the same, in nats.
        drift_error: Standard error of ``drift``; 0 where it is exact.
        n_samples: Simulated networks behind each configuration; 0 where it is exact.
    """

    drift: Array
    spread: Array
    drift_error: Array
    n_samples: NDArray[np.int64]

    def quantile(self, probability: ArrayLike) -> Array:
        """Return quantiles of the log gradient norm.

        Args:
            probability: Above 0 and below 1, of any shape that broadcasts with ``drift``.

        Returns:
            Nats, float64.

        Raises:
            ArgumentError: A probability is not allowed.
        """
        chances = fractions("probability", probability)
        return np.asarray(self.drift + self.spread * special.ndtri(chances))

    def within(self, bound: ArrayLike) -> Array:
        """Return the probability that the log gradient norm is at most ``bound`` in size.

        Args:
            bound: Nats, at least 0, of any shape that broadcasts with ``drift``.

        Raises:
            ArgumentError: A bound is not allowed.
        """
        bounds = numbers("bound", bound, low=0.0)
        return chance_within(bounds, self.drift, self.spread)

    def z_score(self, log_norm: ArrayLike) -> Array:
        """Return measured log gradient norms as standard deviations from the drift.

        Args:
            log_norm: ``ln(|delta_1| / |delta_D|)`` in nats, any shape that broadcasts.

        Returns:
            Float64. A network that passed no error, ``-inf``, scores ``-inf``. Where the walk has
            no spread the score is 0 if the two agree to 1e-6 nats, and infinite otherwise.
        """
        distance = np.asarray(log_norm, dtype=np.float64) - self.drift
        fixed = self.spread == 0.0
        score = distance / np.where(fixed, 1.0, self.spread)
        off = np.where(np.abs(distance) <= 1e-6, 0.0, np.copysign(np.inf, distance))
        return np.where(fixed, off, score)


def walk_law(
    activation: str | Nonlinearity,
    width: ArrayLike,
    depth: ArrayLike,
    *,
    g: ArrayLike | None = None,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
    conditions: Conditions = STANDARD,
    n_samples: int | None = None,
    seed: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> WalkLaw:
    """Return drift and spread of the log gradient norm of networks of equal widths.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        width: Units per hidden layer, integers of any shape.
        depth: Hidden layers D, integers of any shape that broadcasts; at depth 1 there is no
            step.
        g: Multiplier of the hidden matrices, above 0, of any shape that broadcasts; None takes
            the unbiased one.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.
        conditions: Statistics of the input, the first matrix and the biases.
        n_samples: Networks to simulate where there is no exact law; None takes from 64 to 2000,
            the fewer the larger they are.
        seed: Non-negative seed of the simulation.
        cache_dir: Folder of cached results; None takes ``RWINIT_CACHE_DIR`` or the user's
            cache folder.

    Returns:
        Arrays of the broadcast shape, over networks that pass an error; see
        `death_probability`.

    Raises:
        GainNotFoundError: ``g`` is None, and no g leaves the simulated walk without drift.
        ArgumentError: An argument is not allowed, or most simulated networks pass no error.
    """
    chosen = nonlinearity(activation, slope)
    check_choice("weights", weights, WEIGHT_LAWS)
    check_keep(keep)
    widths, depths = counts("width", width), counts("depth", depth, MAX_DEPTH)
    unbiased = partial(
        _unbiased,
        activation,
        weights=weights,
        slope=slope,
        keep=keep,
        conditions=conditions,
        cache_dir=cache_dir,
    )
    gains = unbiased(widths, depths) if g is None else numbers("g", g, above=0.0)
    grid = broadcast(width=widths, depth=depths, g=gains)
    if chosen.built_in and chosen.name in HOMOGENEOUS_NAMES and conditions.bias_deviation == 0:
        return _exact(chosen.name, grid[0], grid[1], grid[2], weights, slope, keep)
    simulated = partial(
        simulated_law,
        chosen,
        slope=float(slope) if chosen.name == "leaky_relu" else 0.0,
        orthogonal=str(weights) == "orthogonal",
        keep=float(keep),
        conditions=conditions,
        n_samples=n_samples if n_samples is None else check_count("n_samples", n_samples),
        seed=check_count("seed", seed, 2**63 - 1, minimum=0),
        folder=cache.cache_folder(cache_dir),
    )
    return _simulated(simulated, *grid)


def _simulated(
    law: Callable[[int, int, float], SimulatedLaw], widths: Array, depths: Array, gains: Array
) -> WalkLaw:
    points = zip(widths.flat, depths.flat, gains.flat, strict=True)
    laws = [law(int(width), int(depth), float(g)) for width, depth, g in points]
    rows = [(each.drift, each.spread, each.drift_error, each.n_samples) for each in laws]
    columns = np.array(rows, dtype=np.float64).reshape(*widths.shape, 4)
    drift, spread, error, samples = np.moveaxis(columns, -1, 0)
    return WalkLaw(
        np.asarray(drift),
        np.asarray(spread),
        np.asarray(error),
        np.asarray(samples, dtype=np.int64),
    )


def walk_law_of_widths(
    activation: str,
    widths: Sequence[int],
    *,
    g: float | Sequence[float] | None = None,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
) -> WalkLaw:
    """Return drift and spread of the log gradient norm of one network of any widths, exactly.

    Args:
        activation: ``"linear"``, ``"relu"`` or ``"leaky_relu"``.
        widths: Units of the D hidden layers, input side first.
        g: Multiplier of the D - 1 hidden matrices over ``1 / sqrt(fan_in)``, or one for each;
            None takes the unbiased g of each fan-in, which leaves a drift only where the first
            and the last width differ.
        weights: ``"gaussian"``, or ``"orthogonal"``: Haar semi-orthogonal, the shorter side's
            vectors orthonormal.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.

    Returns:
        Arrays of shape ``()``.

    Raises:
        UnsupportedActivationError: The activation has no closed form here; see
            `rwinit.simulate_walks`.
        ArgumentError: An argument is not allowed.
    """
    units = check_widths(widths)
    check_choice("weights", weights, WEIGHT_LAWS)
    law = partial(log_gain_law, activation, slope=slope, keep=keep)
    law(units[0], weights=weights)  # raises for arguments that are not allowed, steps or none
    if g is None:
        gains = [math.exp(-law(n, weights=weights).mean / 2.0) for n in units[:-1]]
    else:
        gains = step_gains(g, len(units) - 1)
    mean, variance = 2.0 * math.fsum(map(math.log, gains)), 0.0
    for fan_in, fan_out in pairwise(units):
        passed = law(fan_out, weights="orthogonal")
        stretch = _stretch(fan_in, fan_out, weights)
        mean += passed.mean + stretch.mean
        variance += passed.variance + stretch.variance
    return _law_of_half(np.asarray(mean), np.asarray(variance))


def chance_within(bound: Array, drift: Array, spread: Array) -> Array:
    """Return ``P(|X| <= bound)`` for a normal X; 0 or 1 where there is no spread."""
    fixed = spread == 0.0
    scale = np.where(fixed, 1.0, spread)
    chance = special.ndtr((bound - drift) / scale) - special.ndtr((-bound - drift) / scale)
    return np.where(fixed, np.abs(drift) <= bound, chance)


def _exact(
    activation: str,
    widths: Array,
    depths: Array,
    gains: Array,
    weights: str,
    slope: float,
    keep: float,
) -> WalkLaw:
    mean, variance = step_moments(activation, widths, weights, slope, keep)
    steps = depths - 1.0
    return _law_of_half(steps * (2.0 * np.log(gains) + mean), steps * variance)


def step_moments(
    activation: str, widths: Array, weights: str, slope: float, keep: float
) -> tuple[Array, Array]:
    """Return mean and variance of ln z at g = 1 for each width, in the shape of ``widths``."""
    distinct, where = np.unique(widths, return_inverse=True)
    laws = [
        log_gain_law(activation, int(n), weights=weights, slope=slope, keep=keep) for n in distinct
    ]
    mean, variance = np.array([[law.mean for law in laws], [law.variance for law in laws]])
    return mean[where].reshape(widths.shape), variance[where].reshape(widths.shape)


def _law_of_half(mean: Array, variance: Array) -> WalkLaw:
    """Return the law of ln(Z) / 2 from the moments of ln Z."""
    zero = np.zeros(np.shape(mean))
    # Where two laws cancel, rounding may leave a variance just below 0.
    spread = np.sqrt(np.maximum(variance, 0.0)) / 2.0
    return WalkLaw(np.asarray(mean / 2.0), np.asarray(spread), zero, zero.astype(np.int64))


def _stretch(fan_in: int, fan_out: int, weights: str) -> LogGainLaw:
    """Return the law of ``ln(|W^T v|^2 / |v|^2)`` for an isotropic v of ``fan_out`` numbers."""
    inner = log_gain_law("linear", fan_in)
    if str(weights) == "gaussian":
        return inner
    if fan_out <= fan_in:
        return LogGainLaw(0.0, 0.0)
    # The share of v in a random subspace of fan_in dimensions: a ratio of chi-squares, of which
    # log_gain_law has each over its degrees of freedom.
    outer = log_gain_law("linear", fan_out)
    return LogGainLaw(
        inner.mean - outer.mean + math.log(fan_in / fan_out), inner.variance - outer.variance
    )


def _unbiased(
    activation: str | Nonlinearity,
    widths: Array,
    depths: Array,
    *,
    weights: str,
    slope: float,
    keep: float,
    conditions: Conditions,
    cache_dir: str | os.PathLike[str] | None,
) -> Array:
    """Return the unbiased g of each configuration, or raise where there is none."""
    name = np.empty((), dtype=object)
    name[()] = activation
    found = gain_array(
        name,
        widths.astype(np.int64),
        depths.astype(np.int64),
        weights=weights,
        slope=slope,
        keep=keep,
        conditions=conditions,
        cache_dir=cache_dir,
    )
    for row in np.argwhere(np.isnan(found)):
        # The scalar function raises for a configuration without g, and its message names it.
        width, depth = (int(axis[tuple(row)]) for axis in np.broadcast_arrays(widths, depths))
        gain(
            activation,
            width,
            depth,
            weights=weights,
            slope=slope,
            keep=keep,
            conditions=conditions,
            cache_dir=cache_dir,
        )
    return found
