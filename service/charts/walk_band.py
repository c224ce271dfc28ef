"""The predicted band of the log gradient norm, layer by layer on the way back."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

import rwinit
from workers.architectures import EXACT

QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95)

# Units times layers times networks of the simulation: a second or so.
_WORK: Final = 20_000_000
_FEWEST: Final = 64
_MOST: Final = 2000
_MOST_POINTS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPoint:
    """The law of the log norm of the error after some layers.

    Attributes:
        layers: Layers that the error has passed, from the last hidden one; 0 is where it starts.
        quantiles: Of ``ln(|delta_d| / |delta_D|)`` at `QUANTILES`, in nats.
    """

    layers: int
    quantiles: tuple[float, ...]


def walk_band(
    activation: str, width: int, depth: int, *, g: float, weights: str, slope: float
) -> tuple[BandPoint, ...]:
    """Return the band of one network over its layers, at most 200 of them, evenly spaced.

    It is the normal law of the exact moments where there are any; else it has the quantiles of
    simulated networks that pass an error.

    Args:
        activation: A name that rwinit knows.
        width: Units per hidden layer.
        depth: Hidden layers.
        g: Multiplier of the hidden matrices.
        weights: gaussian or orthogonal.
        slope: Negative-side slope; read for leaky_relu only.

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
    """Return quantiles by layers passed, shape ``(depth, 5)``; NaN where nothing passes."""
    n_samples = min(_MOST, max(_FEWEST, _WORK // (width * depth)))
    walks = rwinit.simulate_walks(
        activation, (width,) * depth, g=g, n_samples=n_samples, weights=weights
    )
    alive = walks.backward[:, np.isfinite(walks.backward[0])]
    if alive.shape[1] == 0:
        return np.full((depth, len(QUANTILES)), np.nan)
    return np.quantile(alive, QUANTILES, axis=1).T[::-1]
