"""Log norms by layer of simulated networks, and their moments, where there is no exact law.

References:
    [derived] Worked out for this package and checked by simulation; see `rwinit.simulation`.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from rwinit import cache
from rwinit.arguments import WEIGHT_LAWS, check_choice, check_count, check_keep, check_widths
from rwinit.configurations import step_gains
from rwinit.errors import ArgumentError
from rwinit.estimates import ALGORITHM
from rwinit.nonlinearities import Nonlinearity, nonlinearity
from rwinit.root_search import mean_log_gain
from rwinit.simulation import STANDARD, Conditions, Networks, Setting, Walks

# Units times layers times networks; about a second.
_WALK_WORK: Final = 20_000_000
_FEWEST: Final = 64
_MOST: Final = 2000


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
    gains = np.array(step_gains(g, len(units) - 1))
    return networks.walks(gains, check_count("n_samples", n_samples))


@dataclass(frozen=True, slots=True)
class SimulatedLaw:
    """Moments of the walk of simulated networks, over those that pass an error; in nats.

    Attributes:
        drift: Mean of ``ln(|delta_1| / |delta_D|)``.
        spread: Standard deviation of the same.
        drift_error: Standard error of ``drift``.
        n_samples: Simulated networks, those that pass no error included.
        means: Mean of ``ln(|delta_d| / |delta_D|)`` in layers d = 1..D.
        deviations: Standard deviation of the same, in layers d = 1..D.
    """

    drift: float
    spread: float
    drift_error: float
    n_samples: int
    means: tuple[float, ...]
    deviations: tuple[float, ...]


def simulated_law(
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
) -> SimulatedLaw:
    """Return the moments of a simulated walk; built-in activations are cached on disk."""
    setting = Setting(chosen, (width,) * depth, orthogonal, keep, conditions)
    if n_samples is None:
        n_samples = min(_MOST, max(_FEWEST, _WALK_WORK // (width * depth)))
    if not chosen.built_in:
        return _simulate(setting, g, n_samples, seed)
    return _cached_law(setting, slope, g, n_samples, seed, folder)


@lru_cache(maxsize=4096)
def _cached_law(
    setting: Setting, slope: float, g: float, n_samples: int, seed: int, folder: Path | None
) -> SimulatedLaw:
    depth = setting.depth
    fields = {
        "what": "walk by layer",
        "algorithm": ALGORITHM,
        "activation": setting.nonlinearity.name,
        "slope": slope,
        "width": setting.widths[0],
        "depth": depth,
        "orthogonal": setting.orthogonal,
        "keep": setting.keep,
        "conditions": asdict(setting.conditions),
        "g": g,
        "n_samples": n_samples,
        "seed": seed,
    }
    key = json.dumps(fields, sort_keys=True)
    stored = cache.recall(folder, key, 4 + 2 * depth)
    if stored is not None:
        drift, spread, error, count = stored[:4]
        return SimulatedLaw(
            drift, spread, error, int(count), stored[4 : 4 + depth], stored[4 + depth :]
        )
    found = _simulate(setting, g, n_samples, seed)
    moments = (found.drift, found.spread, found.drift_error, found.n_samples)
    cache.store(folder, key, (*moments, *found.means, *found.deviations))
    return found


def _simulate(setting: Setting, g: float, n_samples: int, seed: int) -> SimulatedLaw:
    if setting.depth == 1:
        return SimulatedLaw(0.0, 0.0, 0.0, 0, (0.0,), (0.0,))
    # Sums by layer instead of all walks: a thousand layers of two thousand networks are 16 MB.
    gains, controls = [], []
    count, sums, squares = 0, np.zeros(setting.depth), np.zeros(setting.depth)
    for walks in Networks(setting, seed).batches(g, n_samples):
        alive = walks.backward[:, np.isfinite(walks.backward[0])]
        count += alive.shape[1]
        sums += alive.sum(axis=1)
        squares += (alive**2).sum(axis=1)
        gains.append(walks.log_gains)
        controls.append(walks.controls)
    total = np.concatenate(gains)
    mean = mean_log_gain(total, np.concatenate(controls))
    if not math.isfinite(mean.value):
        raise ArgumentError("g", g, "one at which most simulated networks pass an error")
    means = sums / count
    deviations = np.sqrt(np.maximum(squares - count * means**2, 0.0) / (count - 1))
    return SimulatedLaw(
        mean.value / 2.0,
        float(deviations[0]),
        mean.error / 2.0,
        len(total),
        tuple(means.tolist()),
        tuple(deviations.tolist()),
    )
