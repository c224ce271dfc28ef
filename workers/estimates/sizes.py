"""Sizes of buffers and chunks, used by the engines and by the memory model.

Vectorised kernels round differently in full vectors and in the remainder. A result could then
depend on its distance from the end of a buffer, and so on the slot of its trial in a pack. Each
trial's part of a buffer is therefore padded to whole vectors.
"""

import math

LANES = 32
"""Numbers that a kernel processes at once: two AVX-512 vectors of float32. Their size is a multiple
of 64 bytes, so that each trial's part of a buffer has the same alignment."""

CHUNK = 2000
"""Samples of a full pass that are computed together: enough to make the overhead of calls small,
few enough that a layer stays in the caches. Another number would change curves in their last bits,
because the rounding of a matrix product depends on its size."""

_BLOCK_BYTES = 1 << 19
"""Bytes of a block: the hidden layers that one update call takes together. Small enough to stay in
a core's cache, large enough to make the overhead of calls small."""

WIDEST = 1024
"""Largest number of columns of a product that the native kernels compute. The factors of wider
products do not fit into a core's cache; torch computes these."""


def padded(count: int) -> int:
    """Return the smallest multiple of `LANES` that is at least ``count``."""
    return -(-count // LANES) * LANES


def padded_rows(rows: int, *widths: int) -> int:
    """Return the least number of rows, at least ``rows``, that fill whole vectors at all widths."""
    unit = max(LANES // math.gcd(width, LANES) for width in widths)
    return -(-rows // unit) * unit


def slab_size(fan_out: int, fan_in: int) -> int:
    """Return the count of numbers of a layer: a matrix, its bias and padding."""
    return padded(fan_out * fan_in + fan_out)


def transposed_size(fan_out: int, fan_in: int) -> int:
    """Return the count of numbers of a transposed matrix, both dimensions padded."""
    return padded(fan_out) * padded(fan_in)


def block_layers(width: int, slots: int, number_bytes: int) -> int:
    """Return the number of hidden layers of a block, at least 1."""
    return max(1, _BLOCK_BYTES // (slots * slab_size(width, width) * number_bytes))


def segment_length(depth: int) -> int:
    """Return the length of the segments of `KeepSegments` with which a depth needs least memory."""
    return math.isqrt(depth - 1) + 1
