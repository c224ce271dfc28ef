"""Independent random streams of one trial, each named by its purpose.

A stream's seed is a hash of its name, so a new purpose moves no existing stream, and trials
that share a seed share every draw they have in common: the data order whatever the network,
and the underlying normals of each matrix whatever its g, its depth, or its neighbours.

Only the raw output of bit generators is used for orders; unlike a library's `permutation`
its stream is promised never to change.
"""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch


def stream_seed(purpose: str, seed: int, index: int | str) -> int:
    """Return the 64-bit seed of one stream.

    Args:
        purpose: What the stream draws, without a slash.
        seed: The trial's seed.
        index: Which of the purpose's streams.

    Returns:
        The first 8 bytes of sha256("fathom/<purpose>/<seed>/<index>"), big end first.
    """
    name = f"fathom/{purpose}/{seed}/{index}"
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def permutation(purpose: str, seed: int, index: int | str, count: int) -> NDArray[np.int64]:
    """Return an order of ``count`` things, int64 of shape ``(count,)``.

    Ties of the 64-bit keys (odds of 1e-10 at 60,000 things) keep their order.
    """
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


def weight_generators(seed: int, streams: Iterable[int | str]) -> "list[torch.Generator]":
    """Return one CPU generator for each named stream of initial weights.

    Args:
        seed: The trial's seed.
        streams: Names as `workers.architectures.ParameterGroup.streams` gives them. Networks
            share the draws of the streams that they have in common, whatever their depth.
    """
    import torch  # Here, so that data sets order their samples on a machine without torch.

    return [torch.Generator().manual_seed(stream_seed("weights", seed, name)) for name in streams]


def probe_generator(seed: int, name: str) -> "torch.Generator":
    """Return the CPU generator of one probe of the initial network, such as its input."""
    import torch  # Here for the same reason as in `weight_generators`.

    return torch.Generator().manual_seed(stream_seed("probe", seed, name))
