r"""The band of a network's walk: mean and spread of the error's log norm in every hidden layer.

The back-propagated error passes layer D first. With linear, ReLU and leaky ReLU layers, the walk
from layer D to layer d is that of a network of the last D - d + 1 layers. With any other
activation, the share of the error that a layer passes depends on the size of the signal there, so
that the whole network is simulated.

References:
    [derived] Worked out for this package and checked by simulation.
"""

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rwinit import cache
from rwinit.arguments import HOMOGENEOUS_NAMES, MAX_DEPTH, check_count, check_number
from rwinit.nonlinearities import Nonlinearity, nonlinearity
from rwinit.simulated_walks import simulated_law
from rwinit.simulation import STANDARD, Conditions
from rwinit.walks import walk_law

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WalkBand:
    """Mean and spread of the error's log norm by layer, over networks that pass an error; in nats.

    Attributes:
        mean: Mean of ``ln(|delta_d| / |delta_D|)`` in layers d = 1..D, shape ``(D,)``; the last
            is 0.
        deviation: Standard deviation of the same, shape ``(D,)``.
    """

    mean: Array
    deviation: Array


def walk_band(
    activation: str | Nonlinearity,
    width: int,
    depth: int,
    *,
    g: float,
    weights: str = "gaussian",
    slope: float = 0.01,
    conditions: Conditions = STANDARD,
    seed: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> WalkBand:
    """Return mean and spread of the error's log norm in each layer of a network of equal widths.

    Where it is simulated, the networks are those of `rwinit.walk_law`. The drift of `walk_law` has
    less noise, because it is corrected by control variates.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        width: Units per hidden layer.
        depth: Hidden layers D.
        g: Multiplier of the hidden matrices, above 0.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        conditions: Statistics of the input, the first matrix and the biases.
        seed: Non-negative seed of the simulation.
        cache_dir: Folder of cached results; None takes ``RWINIT_CACHE_DIR`` or the user's
            cache folder.

    Raises:
        ArgumentError: An argument is not allowed, or hardly any network passes an error.
    """
    chosen = nonlinearity(activation, slope)
    check_count("depth", depth, MAX_DEPTH)
    if chosen.built_in and chosen.name in HOMOGENEOUS_NAMES and conditions.bias_deviation == 0:
        shorter = np.arange(depth, 0, -1)
        law = walk_law(activation, width, shorter, g=g, weights=weights, slope=slope)
        return WalkBand(law.drift, law.spread)
    # This call checks the other arguments. It simulates the same networks, and the next call finds
    # their moments in memory.
    walk_law(
        activation,
        width,
        depth,
        g=g,
        weights=weights,
        slope=slope,
        conditions=conditions,
        seed=seed,
        cache_dir=cache_dir,
    )
    found = simulated_law(
        chosen,
        width,
        depth,
        check_number("g", g, above=0.0),
        slope=float(slope) if chosen.name == "leaky_relu" else 0.0,
        orthogonal=str(weights) == "orthogonal",
        keep=1.0,
        conditions=conditions,
        n_samples=None,
        seed=seed,
        folder=cache.cache_folder(cache_dir),
    )
    return WalkBand(np.array(found.means), np.array(found.deviations))
