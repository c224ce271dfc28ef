"""Random matrices in float64, from an explicit generator."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Generator, Tensor

Shape = tuple[int, int]


def draw(scheme: str, shape: Shape, generator: Generator) -> Tensor:
    """Return a scheme's draw at multiplier 1.

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
    """Return a matrix uniform among those whose shorter side's vectors are orthonormal.

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
    # QR leaves the signs to the implementation; a positive diagonal of R makes Q unique, and so
    # Haar. A zero would be no sign, hence the comparison.
    q.mul_(torch.where(factors.R.diagonal() < 0, -1.0, 1.0))
    return q if shape[0] >= shape[1] else q.T


def _standard(shape: Shape, generator: Generator) -> Tensor:
    return torch.randn(shape, generator=generator, device=generator.device, dtype=torch.float64)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run on one CPU thread: LAPACK's QR has other last bits on every number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
