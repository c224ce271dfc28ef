"""Random matrices in float64, drawn from an explicit generator."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor

Shape = tuple[int, int]


def draw(scheme: str, shape: Shape, generator: Generator) -> Tensor:
    """Return a random matrix by the law of a scheme, before any multiplier.

    Args:
        scheme: A name of `rwinit.arguments.SCHEME_NAMES`.
        shape: ``(fan_out, fan_in)``, both at least 1.
        generator: Source of the draw; advanced.

    Returns:
        A matrix of that shape, float64, on the generator's device.
    """
    fan_out, fan_in = shape
    match str(scheme):
        case "orthogonal":
            return haar(shape, generator)
        case "glorot":
            return normal(shape, math.sqrt(2.0 / (fan_in + fan_out)), generator)
        case _:
            return normal(shape, math.sqrt(1.0 / fan_in), generator)


def normal(shape: Shape, deviation: float, generator: Generator) -> Tensor:
    """Return i.i.d. normals of mean 0 and a standard deviation, float64."""
    return _standard(shape, generator).mul_(deviation)


def haar(shape: Shape, generator: Generator) -> Tensor:
    """Return a random orthogonal matrix, or semi-orthogonal one: its shorter side is orthonormal.

    Args:
        shape: ``(fan_out, fan_in)``; square gives the Haar measure on the orthogonal group.
        generator: Source of the draw; advanced.

    Returns:
        A matrix of that shape, float64, on the generator's device.
    """
    tall = _standard((max(shape), min(shape)), generator)
    with _one_thread():
        factors = torch.linalg.qr(tall)
    q: Tensor = factors.Q
    # The signs of R's diagonal depend on the implementation. Positive ones make Q unique, and Haar.
    # The sign of a zero would be 0, hence the comparison.
    q.mul_(torch.where(factors.R.diagonal() < 0, -1.0, 1.0))
    return q if shape[0] >= shape[1] else q.T


def _standard(shape: Shape, generator: Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run a block on one CPU thread: the last bits of LAPACK's QR depend on their number."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
