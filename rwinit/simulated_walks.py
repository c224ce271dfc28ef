"""Walks without an exact law: log norms by layer of simulated networks, and their moments.

References:
    [derived] Worked out for this package and checked by simulation; see `rwinit.simulation`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
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


def simulated_moments(
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
    gains, controls = Networks(setting, seed).log_gains(g, n_samples)
    alive = gains[np.isfinite(gains)]
    if len(alive) < 2:
        raise ArgumentError("g", g, "one at which more than one simulated network passes an error")
    mean = mean_log_gain(gains, controls)
    spread = float(alive.std(ddof=1))
    return mean.value / 2.0, spread / 2.0, mean.error / 2.0, float(len(gains))
