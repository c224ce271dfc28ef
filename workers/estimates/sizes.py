"""Sizes of buffers, for the engines that make them and the models that count them.

Vectorised kernels round differently in full vectors and in the remainder, so a number could
change with its distance from the end of a buffer, and a trial with its place in a pack. Each
trial's part of a buffer is therefore a whole number of the pieces that a kernel takes at once.
"""

import math

LANES = 32
"""Numbers a kernel takes at once: two AVX-512 vectors of float32. It is also a multiple of 64
bytes, so that each trial's part has the alignment of the first."""

CHUNK = 2000
"""Samples of a full pass that are computed together: enough that the calls do not count, few
enough that a layer stays in the caches. Part of what a curve is: the rounding of a matrix
product depends on its size."""

_BLOCK_BYTES = 1 << 19
"""Hidden layers whose gradients are computed before one update takes all of them: few enough
to stay in a core's cache, enough that the calls do not count."""


WIDEST = 1024
"""Columns of a product that kernels of our own compute; wider ones, whose factors outgrow a core's
cache, are left to torch."""


def padded(count: int) -> int:
    """Return the next multiple of `LANES`, ``count`` itself if it is one."""
    return -(-count // LANES) * LANES


def padded_rows(rows: int, *widths: int) -> int:
    """Return the fewest rows, at least ``rows``, that fill whole vectors at every width."""
    unit = max(LANES // math.gcd(width, LANES) for width in widths)
    return -(-rows // unit) * unit


def slab_size(fan_out: int, fan_in: int) -> int:
    """Return how many numbers a layer takes: a matrix, its bias and padding."""
    return padded(fan_out * fan_in + fan_out)


def transposed_size(fan_out: int, fan_in: int) -> int:
    """Return how many numbers the transpose of a matrix takes, in whole vectors both ways."""
    return padded(fan_out) * padded(fan_in)


def block_layers(width: int, slots: int, number_bytes: int) -> int:
    """Return how many hidden layers are updated together."""
    return max(1, _BLOCK_BYTES // (slots * slab_size(width, width) * number_bytes))


def segment_length(depth: int) -> int:
    """Return the length of the segments that need the fewest buffers at a depth."""
    return math.isqrt(depth - 1) + 1
