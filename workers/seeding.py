"""Independent random streams of a trial, each named by its purpose.

A stream's seed is a hash of its name, so a new purpose changes no existing stream. Trials of one
seed share the draws that they have in common: the data order whatever the network, and the
standard normals behind each matrix whatever its g, its depth, or the other matrices.

Orders use only the raw output of numpy's bit generators. numpy promises that this stream never
changes, which it does not promise for `Generator.permutation`.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray


def stream_seed(purpose: str, seed: int, index: int | str) -> int:
    """Return the 64-bit seed of one stream.

    Args:
        purpose: What the stream draws, without a slash.
        seed: The trial's seed.
        index: Number or name that tells the purpose's streams apart.

    Returns:
        The first 8 bytes of sha256("fathom/<purpose>/<seed>/<index>"), big end first.
    """
    name = f"fathom/{purpose}/{seed}/{index}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def permutation(purpose: str, seed: int, index: int | str, count: int) -> NDArray[np.int64]:
    """Return a random order of the numbers below ``count``, int64 of shape ``(count,)``.

    Numbers whose 64-bit keys are equal keep their order (probability 1e-10 at 60,000 numbers).
    """
    # A stable sort, so that equal keys give the same order on every platform.
    keys = np.random.PCG64(stream_seed(purpose, seed, index)).random_raw(count)
    return np.argsort(keys, kind="stable").astype(np.int64)


def epoch_order(seed: int, epoch: int, n_samples: int) -> NDArray[np.int64]:
    """Return the order in which an epoch visits the training samples.

    Args:
        seed: The trial's seed.
        epoch: Counted from 1.
        n_samples: Samples of the training split.

    Returns:
        A permutation, int64 of shape ``(n_samples,)``, the same for every configuration.
    """
    return permutation("order", seed, epoch, n_samples)
