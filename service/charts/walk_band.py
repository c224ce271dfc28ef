"""Compute quantiles of the log gradient norm by layer, from the last hidden layer back."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

import rwinit
from workers.architectures import EXACT

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)

# Width times depth times networks of a simulation; this many take about a second.
_MOST_WORK: Final = 20_000_000
# Fewer would make the outer quantiles those of single networks.
_FEWEST_NETWORKS: Final = 64
_MOST_NETWORKS: Final = 2000
_MOST_POINTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPoint:
    """Quantiles of the log gradient norm after a number of layers.

    Attributes:
        layers: Layers passed since the last hidden one, which is 0.
        quantiles: Quantiles of ``ln(|delta_d| / |delta_D|)`` at `QUANTILES`, in nats.
    """

    layers: int
    quantiles: tuple[float, ...]


def walk_band(
    activation: str, width: int, depth: int, *, g: float, weights: str, slope: float
) -> tuple[BandPoint, ...]:
    """Return quantiles of the log gradient norm at no more than 200 evenly spaced layers.

    With a closed form they are those of the normal distribution of the exact mean and variance;
    otherwise those of simulated networks, without the ones whose gradient is zero. Layers at which
    no network has a finite value are left out.

    Args:
        activation: Name of an activation in rwinit.
        width: Units per hidden layer.
        depth: Number of hidden layers.
        g: Factor of the hidden matrices.
        weights: gaussian or orthogonal.
        slope: Slope for negative inputs; only leaky_relu uses it.

    Raises:
        rwinit.ArgumentError: An argument is not allowed.
    """
    passed = np.unique(np.linspace(0, depth - 1, min(depth, _MOST_POINTS)).round().astype(int))
    if activation in EXACT:
        law = rwinit.walk_law(activation, width, passed + 1, g=g, weights=weights, slope=slope)
        rows = law.quantile(np.array(QUANTILES)[:, None]).T
    else:
        rows = _simulated(activation, width, depth, g, weights)[passed]
    return tuple(
        BandPoint(layers=int(layers), quantiles=tuple(float(value) for value in row))
        for layers, row in zip(passed, rows, strict=True)
        if np.isfinite(row).all()
    )


def _simulated(
    activation: str, width: int, depth: int, g: float, weights: str
) -> NDArray[np.float64]:
    """Return quantiles by layers passed, shape ``(depth, 5)``; NaN if every gradient is zero."""
    n_samples = min(_MOST_NETWORKS, max(_FEWEST_NETWORKS, _MOST_WORK // (width * depth)))
    walks = rwinit.simulate_walks(
        activation, (width,) * depth, g=g, n_samples=n_samples, weights=weights
    )
    alive = walks.backward[:, np.isfinite(walks.backward[0])]
    if alive.shape[1] == 0:
        return np.full((depth, len(QUANTILES)), np.nan)
    # Rows are layers, input side first; the band starts at the last hidden layer.
    return np.quantile(alive, QUANTILES, axis=1).T[::-1]
