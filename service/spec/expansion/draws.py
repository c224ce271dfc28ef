"""Random or Sobol numbers between 0 and 1 for each drawn axis.

Draw i of a path is the same at every grid point, so that points can be compared in pairs. It does
not depend on the number of draws.
"""

import hashlib
import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from service.spec.grammar.controls import Search, SearchKind


def uniforms(search: Search, paths: Collection[str]) -> Mapping[str, Sequence[float]]:
    """Return ``search.n`` numbers in [0, 1) for each drawn path.

    Random draws of a path depend on the seed and the path only. A Sobol sequence is filled
    jointly: its dimensions are the paths in sorted order.

    Args:
        search: How to draw; its ``n`` is given wherever ``paths`` are.
        paths: Every path that is drawn at some point.
    """
    if not paths or search.n is None:
        return {}
    if search.kind is SearchKind.SOBOL:
        return _sobol(sorted(paths), search.n, search.seed)
    return {path: _random(path, search.n, search.seed) for path in paths}


def _random(path: str, n: int, seed: int) -> Sequence[float]:
    label = int.from_bytes(hashlib.sha256(path.encode()).digest()[:16], "big")
    draws: Sequence[float] = np.random.default_rng([seed, label]).random(n).tolist()
    return draws


def _sobol(paths: Sequence[str], n: int, seed: int) -> Mapping[str, Sequence[float]]:
    # Imported here: scipy.stats takes a second, and few specs draw this way.
    from scipy.stats import qmc

    sampler = qmc.Sobol(len(paths), scramble=True, rng=np.random.default_rng(seed))
    # Scipy warns unless the number is a power of two, for which alone the sequence is balanced.
    points = sampler.random_base2(math.ceil(math.log2(n)))[:n]
    return {path: points[:, dimension].tolist() for dimension, path in enumerate(paths)}
