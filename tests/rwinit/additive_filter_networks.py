"""Random networks with additive filters, simulated with explicit matrices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rwinit import nonlinearity

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Layer:
    """The filter and the matrix of one layer of each of R networks.

    Attributes:
        orthogonal: Shape ``(R, N, N)``.
        weight: Shape ``(R, N, N)``.
    """

    orthogonal: Array
    weight: Array


Layers = Callable[[int], Layer]


def haar(count: int, width: int, rng: np.random.Generator) -> Array:
    """Return Haar orthogonal matrices, shape ``(count, width, width)``."""
    q, r = np.linalg.qr(rng.standard_normal((count, width, width)))
    return np.asarray(q * np.sign(np.diagonal(r, axis1=1, axis2=2))[:, None, :])


def layers_from_seeds(
    width: int, networks: int, seed: int, filter: str = "haar", g: float = 1.0
) -> Layers:
    """Return a function that draws layer d again whenever it is asked for, so that none is kept."""

    def layer(d: int) -> Layer:
        rng = np.random.Generator(np.random.PCG64((seed << 32) + d))
        if filter == "haar":
            orthogonal = haar(networks, width, rng)
        elif filter == "permutation":
            orthogonal = np.eye(width)[np.argsort(rng.random((networks, width)), axis=1)]
        else:
            orthogonal = np.broadcast_to(np.eye(width), (networks, width, width))
        weight = g / np.sqrt(width) * rng.standard_normal((networks, width, width))
        return Layer(orthogonal, weight)

    return layer


def error_log_norms(
    layers: Layers,
    depth: int,
    alpha: float,
    beta: float,
    start: Array,
    activation: str,
    rng: np.random.Generator,
) -> Array:
    """Return ``ln(|delta_d| / |delta_D|)`` of random errors, shape ``(D, R)``.

    Args:
        layers: The D - 1 filter layers, by index from 0, input side first.
        depth: Hidden layers D.
        alpha: Factor of the filtered state.
        beta: Factor of the nonlinear layer.
        start: First states ``h_1``, shape ``(R, N)``.
        activation: Name of the nonlinearity.
        rng: Source of the errors at layer D.
    """
    f = nonlinearity(activation)
    states = [start]
    for d in range(depth - 1):
        layer, h = layers(d), states[-1][..., None]
        added = f.function((layer.weight @ h)[..., 0])
        states.append(alpha * (layer.orthogonal @ h)[..., 0] + beta * added)
    delta = rng.standard_normal(start.shape)
    logs = [np.log(np.linalg.norm(delta, axis=1))]
    for d in reversed(range(depth - 1)):
        layer = layers(d)
        passed = f.derivative((layer.weight @ states[d][..., None])[..., 0]) * delta
        back = np.swapaxes(layer.orthogonal, 1, 2) @ delta[..., None] * alpha
        delta = (back + beta * np.swapaxes(layer.weight, 1, 2) @ passed[..., None])[..., 0]
        logs.append(np.log(np.linalg.norm(delta, axis=1)))
    walks = np.stack(logs[::-1])
    return np.asarray(walks - walks[-1])
