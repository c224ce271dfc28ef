r"""The walk over a whole network: drift, spread, deaths, and how deep one may go.

The log gradient norm here is ``ln(|delta_1| / |delta_D|) = ln(Z) / 2``: it takes D - 1 steps. For
linear, ReLU and leaky ReLU layers without biases the steps are independent, and their moments are
those of `rwinit.log_gain_law`; any other activation is simulated.

With widths that differ, a step from layer d to layer d - 1 has two independent factors: how much
of the error the activation lets through, which is the orthogonal law at width ``n_d``, and how
much the matrix stretches it, which is the linear law at width ``n_{d-1}`` [derived].

References:
    [SA14] arXiv:1412.6558, listed in `rwinit.laws`, as is [derived].
    [HR18] B. Hanin, D. Rolnick, How to Start Training, arXiv:1803.01719.
"""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from rwinit import cache
from rwinit.arguments import (
    ACTIVATION_NAMES,
    HOMOGENEOUS_NAMES,
    MAX_DEPTH,
    WEIGHT_LAWS,
    check_choice,
    check_count,
    check_keep,
    check_number,
    check_slope,
    check_widths,
)
from rwinit.errors import ArgumentError
from rwinit.estimates import ALGORITHM
from rwinit.gains import gain_array
from rwinit.laws import LogGainLaw, log_gain_law
from rwinit.nonlinearities import Nonlinearity, nonlinearity
from rwinit.simulation import STANDARD, Conditions, Networks, Setting, Walks

Array = NDArray[np.float64]

_WALK_WORK: Final = 40_000_000
_FEWEST: Final = 64
_MOST: Final = 2000


@dataclass(frozen=True, slots=True)
class WalkLaw:
    """The law of the log gradient norm, taken as normal, for one or many configurations.

    The sum of D - 1 steps is close to normal from about ten steps on; its mean and standard
    deviation are exact at every depth, unless they are simulated.

    Attributes:
        drift: Mean of ``ln(|delta_1| / |delta_D|)``, in nats.
        spread: Standard deviation of it, in nats.
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
        chances = _fractions("probability", probability)
        return np.asarray(self.drift + self.spread * special.ndtri(chances))

    def within(self, bound: ArrayLike) -> Array:
        """Return the probability that the log gradient norm is at most ``bound`` in size.

        Args:
            bound: Nats, at least 0, of any shape that broadcasts with ``drift``.

        Raises:
            ArgumentError: A bound is not allowed.
        """
        bounds = _numbers("bound", bound, low=0.0)
        return _chance_within(bounds, self.drift, self.spread)

    def z_score(self, log_norm: ArrayLike) -> Array:
        """Return measured log gradient norms as standard deviations from the drift.

        Args:
            log_norm: ``ln(|delta_1| / |delta_D|)`` in nats, any shape that broadcasts.

        Returns:
            Float64. A network that passed nothing, ``-inf``, scores ``-inf``. Where the walk has
            no spread the score is 0 for what agrees to 1e-6 nats, and infinite otherwise.
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
        cache_dir: Folder of remembered answers; None takes ``RWINIT_CACHE_DIR`` or the user's
            cache folder.

    Returns:
        Arrays of the broadcast shape, over networks that pass an error; see
        `death_probability`.

    Raises:
        GainNotFoundError: ``g`` is None, and no g leaves the simulated walk without drift.
        ArgumentError: An argument is not allowed.
    """
    chosen = nonlinearity(activation, slope)
    check_choice("weights", weights, WEIGHT_LAWS)
    check_keep(keep)
    widths, depths = _counts("width", width), _counts("depth", depth, MAX_DEPTH)
    if g is None:
        gains = gain_array(
            _scalar(activation),
            widths,
            depths,
            weights=weights,
            slope=slope,
            keep=keep,
            conditions=conditions,
            cache_dir=cache_dir,
        )
    else:
        gains = _numbers("g", g, above=0.0)
    grid = _broadcast(width=widths, depth=depths, g=gains)
    if chosen.built_in and chosen.name in HOMOGENEOUS_NAMES and conditions.bias_deviation == 0:
        return _exact(chosen.name, *grid, weights, slope, keep)
    simulated = partial(
        _simulated,
        chosen,
        slope=slope if chosen.name == "leaky_relu" else 0.0,
        orthogonal=str(weights) == "orthogonal",
        keep=float(keep),
        conditions=conditions,
        n_samples=n_samples if n_samples is None else check_count("n_samples", n_samples),
        seed=check_count("seed", seed, 2**63 - 1, minimum=0),
        folder=cache.cache_folder(cache_dir),
    )
    rows = [simulated(int(w), int(d), float(x)) for w, d, x in zip(*(a.flat for a in grid), strict=True)]
    columns = np.array(rows, dtype=np.float64).reshape(*grid[0].shape, 4)
    return WalkLaw(
        columns[..., 0], columns[..., 1], columns[..., 2], columns[..., 3].astype(np.int64)
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
    law = partial(log_gain_law, activation, slope=slope, keep=keep)
    law(units[0], weights=weights)  # refuses what is not allowed even where there is no step
    if g is None:
        gains = [math.exp(-law(n, weights=weights).mean / 2.0) for n in units[:-1]]
    else:
        gains = _step_gains(g, len(units) - 1)
    mean, variance = 2.0 * math.fsum(map(math.log, gains)), 0.0
    for fan_in, fan_out in pairwise(units):
        passed = law(fan_out, weights="orthogonal")
        stretch = _stretch(fan_in, fan_out, weights)
        mean += passed.mean + stretch.mean
        variance += passed.variance + stretch.variance
    return _law_of_half(np.asarray(mean), np.asarray(variance))


def simulate_walks(
    activation: str | Nonlinearity,
    widths: Sequence[int],
    *,
    g: float | Sequence[float],
    n_samples: int,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
    conditions: Conditions = STANDARD,
    seed: int = 0,
) -> Walks:
    """Return log norms by layer of random networks, forwards and backwards, exact in law.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        widths: Units of the D hidden layers, input side first.
        g: Multiplier of the D - 1 hidden matrices, at least 0, or one for each.
        n_samples: Independent networks, each with its own input and error; rounded up to whole
            batches.
        weights: ``"gaussian"``, or ``"orthogonal"``, for which the widths have to be equal.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.
        conditions: Statistics of the input, the first matrix and the biases.
        seed: Non-negative seed; the same one gives the same underlying draws for every g.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    units = check_widths(widths)
    check_choice("weights", weights, WEIGHT_LAWS)
    if str(weights) == "orthogonal" and len(set(units)) > 1:
        raise ArgumentError("widths", list(units), "all equal where weights are orthogonal")
    setting = Setting(
        nonlinearity(activation, slope),
        units,
        str(weights) == "orthogonal",
        check_keep(keep),
        conditions,
    )
    networks = Networks(setting, check_count("seed", seed, 2**63 - 1, minimum=0))
    gains = np.array(_step_gains(g, len(units) - 1))
    return networks.walks(gains, check_count("n_samples", n_samples))


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
        ArgumentError: An argument is not allowed.
    """
    check_choice("activation", activation, ACTIVATION_NAMES)
    check_slope(slope)
    blocked = activation == "relu" or (activation == "leaky_relu" and slope == 0.0)
    on = check_keep(keep) * (0.5 if blocked else 1.0)
    widths, depths = _broadcast(
        width=_counts("width", width), depth=_counts("depth", depth, MAX_DEPTH)
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
    step = _step_moments(activation, _counts("width", width), weights, slope, keep)
    gains = np.exp(-step[0] / 2.0) if g is None else _numbers("g", g, above=0.0)
    drift = np.log(gains) + step[0] / 2.0
    # exp and log of the unbiased g leave a last bit that would end every walk at 1e16 layers.
    drift = np.zeros_like(drift) if g is None else drift
    arrays = _broadcast(
        width=drift,
        variance=step[1] / 4.0,
        bound=_numbers("bound", bound, low=0.0),
        probability=_fractions("probability", probability),
    )
    return 1.0 + _most_steps(*arrays)


def _most_steps(drift: Array, variance: Array, bound: Array, probability: Array) -> Array:
    """Return the most steps that stay within the bound; the chance falls with every step."""

    def holds(steps: Array) -> NDArray[np.bool_]:
        chance = _chance_within(bound, steps * drift, np.sqrt(steps * variance))
        return np.asarray(chance >= probability)

    low, high = np.zeros(drift.shape), np.full(drift.shape, 2.0**60)
    unlimited = holds(high)
    for _ in range(61):
        middle = np.floor((low + high) / 2.0)
        good = holds(middle)
        low, high = np.where(good, middle, low), np.where(good, high, middle)
    return np.where(unlimited, np.inf, low)


def _chance_within(bound: Array, drift: Array, spread: Array) -> Array:
    """Return ``P(|X| <= bound)`` for normal X; without spread it is 0 or 1."""
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
    mean, variance = _step_moments(activation, widths, weights, slope, keep)
    steps = depths - 1.0
    return _law_of_half(steps * (2.0 * np.log(gains) + mean), steps * variance)


def _step_moments(
    activation: str, widths: Array, weights: str, slope: float, keep: float
) -> tuple[Array, Array]:
    distinct, where = np.unique(widths, return_inverse=True)
    laws = [
        log_gain_law(activation, int(n), weights=weights, slope=slope, keep=keep)
        for n in distinct
    ]
    mean, variance = np.array([[law.mean for law in laws], [law.variance for law in laws]])
    return mean[where].reshape(widths.shape), variance[where].reshape(widths.shape)


def _law_of_half(mean: Array, variance: Array) -> WalkLaw:
    """Return the law of ln(Z) / 2 from the moments of ln Z."""
    zero = np.zeros(np.shape(mean))
    # Of two laws that cancel, rounding may leave a variance just below 0.
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


def _simulated(
    chosen: Nonlinearity,
    width: int,
    depth: int,
    g: float,
    *,
    slope: float,
    orthogonal: bool,
    keep: float,
    conditions: Conditions,
    n_samples: int | None,
    seed: int,
    folder: Path | None,
) -> tuple[float, float, float, float]:
    """Return drift, spread, the drift's standard error and the number of networks."""
    setting = Setting(chosen, (width,) * depth, orthogonal, keep, conditions)
    if n_samples is None:
        n_samples = min(_MOST, max(_FEWEST, _WALK_WORK // (width * depth)))
    if not chosen.built_in:
        return _moments(setting, g, n_samples, seed)
    return _remembered(setting, slope, g, n_samples, seed, folder)


@lru_cache(maxsize=65536)
def _remembered(
    setting: Setting, slope: float, g: float, n_samples: int, seed: int, folder: Path | None
) -> tuple[float, float, float, float]:
    fields = {
        "what": "walk",
        "algorithm": ALGORITHM,
        "activation": setting.nonlinearity.name,
        "slope": slope,
        "width": setting.widths[0],
        "depth": setting.depth,
        "orthogonal": setting.orthogonal,
        "keep": setting.keep,
        "conditions": asdict(setting.conditions),
        "g": g,
        "n_samples": n_samples,
        "seed": seed,
    }
    key = json.dumps(fields, sort_keys=True)
    stored = cache.recall(folder, key, 4)
    if stored is not None:
        return stored[0], stored[1], stored[2], stored[3]
    found = _moments(setting, g, n_samples, seed)
    cache.store(folder, key, found)
    return found


def _moments(
    setting: Setting, g: float, n_samples: int, seed: int
) -> tuple[float, float, float, float]:
    if setting.depth == 1:
        return 0.0, 0.0, 0.0, 0.0
    gains, _ = Networks(setting, seed).log_gains(g, n_samples)
    alive = gains[np.isfinite(gains)] / 2.0
    if len(alive) < 2:
        raise ArgumentError("g", g, "one at which more than one simulated network passes an error")
    spread = float(alive.std(ddof=1))
    return float(alive.mean()), spread, spread / math.sqrt(len(alive)), float(len(gains))


def _step_gains(g: float | Sequence[float], steps: int) -> list[float]:
    if isinstance(g, (int, float)):
        return [check_number("g", g, above=0.0)] * steps
    if len(g) != steps:
        raise ArgumentError("g", f"{len(g)} numbers", f"one number, or one per step, {steps}")
    return [check_number(f"g[{d}]", value, above=0.0) for d, value in enumerate(g)]


def _scalar(activation: str | Nonlinearity) -> ArrayLike:
    holder = np.empty((), dtype=object)
    holder[()] = activation
    return holder


def _counts(name: str, given: ArrayLike, maximum: int = 100_000_000) -> Array:
    array = np.asarray(given)
    if array.dtype.kind not in "iu":
        raise ArgumentError(name, given, f"integers from 1 to {maximum}")
    for value in array.flat:
        check_count(name, int(value), maximum)
    return array.astype(np.float64)


def _numbers(
    name: str, given: ArrayLike, low: float = -math.inf, above: float | None = None
) -> Array:
    array = np.asarray(given)
    if array.dtype.kind not in "iuf":
        raise ArgumentError(name, given, "finite numbers")
    for value in array.flat:
        check_number(name, float(value), low=low, above=above)
    return array.astype(np.float64)


def _fractions(name: str, given: ArrayLike) -> Array:
    array = _numbers(name, given, above=0.0)
    if array.size and float(array.max()) >= 1.0:
        raise ArgumentError(name, given, "above 0 and below 1")
    return array


def _broadcast(**arrays: Array) -> list[Array]:
    try:
        return list(np.broadcast_arrays(*arrays.values()))
    except ValueError:
        shapes = ", ".join(str(array.shape) for array in arrays.values())
        names = ", ".join(arrays)
        raise ArgumentError(names, shapes, "of shapes that broadcast") from None
