"""The unbiased g of a configuration: exact where there is a law, else simulated and cached.

References:
    [SA14] arXiv:1412.6558, listed in `rwinit.laws`.
"""

import json
import math
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from rwinit import cache
from rwinit.arguments import (
    HOMOGENEOUS_NAMES,
    MAX_DEPTH,
    WEIGHT_LAWS,
    check_choice,
    check_count,
    check_keep,
    check_number,
)
from rwinit.errors import ArgumentError, GainNotFoundError
from rwinit.laws import log_gain_law
from rwinit.nonlinearities import Nonlinearity, nonlinearity
from rwinit.root_search import GainEstimate, NotFound, search
from rwinit.simulation import STANDARD, Conditions, Setting

LONG_DEPTH: Final = 500
"""The depth that stands for a long network where none is given."""

STANDARD_ERROR: Final = 3e-3
"""Requested standard error of g, where none is given."""

# Part of every key on disk: raise it with any change that can change a simulated number.
ALGORITHM: Final = 1


@dataclass(frozen=True, slots=True)
class GainRequest:
    """Everything that an unbiased g depends on; hashable, to be the key of a cache.

    The field names are part of the keys on disk: renaming one makes every stored result useless.
    """

    activation: Nonlinearity
    slope: float
    width: int
    depth: int
    orthogonal: bool
    keep: float
    conditions: Conditions
    standard_error: float
    seed: int

    @property
    def setting(self) -> Setting:
        """The networks to simulate, of at least two layers: a walk needs a step."""
        widths = (self.width,) * max(self.depth, 2)
        return Setting(self.activation, widths, self.orthogonal, self.keep, self.conditions)

    def key(self) -> str:
        """Return the request as canonical text, the version of the algorithm included."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name != "activation"}
        fields |= {
            "activation": self.activation.name,
            "conditions": asdict(self.conditions),
            "algorithm": ALGORITHM,
            "what": "gain",
        }
        return json.dumps(fields, sort_keys=True)


def estimate_gain(
    activation: str | Nonlinearity,
    width: int,
    depth: int | None = None,
    *,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
    conditions: Conditions = STANDARD,
    standard_error: float = STANDARD_ERROR,
    seed: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> GainEstimate:
    """Return the g at which the log norm of the error has no drift, and its standard error.

    Linear, ReLU and leaky ReLU without biases have the exact g of their law at every depth. Any
    other activation is simulated, with the error propagated from the last hidden layer back to the
    first; results for activations given by name are cached on disk.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        width: Units per hidden layer.
        depth: Hidden layers D. None takes 500, where g is within 0.01 of that of a thousand
            for widths up to 300. A depth of 1 has no hidden matrix; it gets the g of depth 2.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.
        conditions: Statistics of the input, the first matrix and the biases.
        standard_error: Requested standard error of g, above 0. Networks are added until it is
            met, up to a bound on the work of about ten seconds per evaluation.
        seed: Non-negative seed of the simulation.
        cache_dir: Folder of cached results; None takes ``RWINIT_CACHE_DIR`` or the user's
            cache folder.

    Raises:
        GainNotFoundError: No g leaves the walk without drift, as with saturating activations in
            very narrow deep networks.
        ArgumentError: An argument is not allowed.
    """
    request = gain_request(
        activation, width, depth, weights, slope, keep, conditions, standard_error, seed
    )
    return resolve(request, cache.cache_folder(cache_dir))


def gain_request(
    activation: str | Nonlinearity,
    width: int,
    depth: int | None,
    weights: str,
    slope: float,
    keep: float,
    conditions: Conditions,
    standard_error: float,
    seed: int,
) -> GainRequest:
    """Return the arguments of `estimate_gain`, checked, as a request.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    chosen = nonlinearity(activation, slope)
    check_number("slope", slope)
    if not isinstance(conditions, Conditions):
        raise ArgumentError("conditions", conditions, "a rwinit.Conditions")
    check_choice("weights", weights, WEIGHT_LAWS)
    return GainRequest(
        activation=chosen,
        slope=float(slope) if chosen.name == "leaky_relu" else 0.0,
        width=check_count("width", width),
        depth=check_count("depth", LONG_DEPTH if depth is None else depth, MAX_DEPTH),
        orthogonal=str(weights) == "orthogonal",
        keep=check_keep(keep),
        conditions=conditions,
        standard_error=check_number("standard_error", standard_error, above=0.0),
        seed=check_count("seed", seed, 2**63 - 1, minimum=0),
    )


def resolve(request: GainRequest, folder: Path | None) -> GainEstimate:
    """Return the unbiased g: by its law, from memory, from disk, or by simulation.

    Raises:
        GainNotFoundError: No g leaves the walk without drift.
    """
    if _has_closed_form(request):
        return _exact(request)
    if request.activation.built_in:
        found = _cached_search(request, folder)
    else:
        found = search(request.setting, request.seed, request.standard_error)
    if isinstance(found, GainEstimate):
        return found
    raise GainNotFoundError(request.activation.name, request.width, request.depth, *found)


def _has_closed_form(request: GainRequest) -> bool:
    named = request.activation.built_in and request.activation.name in HOMOGENEOUS_NAMES
    return named and request.conditions.bias_deviation == 0.0


def _exact(request: GainRequest) -> GainEstimate:
    law = log_gain_law(
        request.activation.name,
        request.width,
        weights="orthogonal" if request.orthogonal else "gaussian",
        slope=request.slope,
        keep=request.keep,
    )
    return GainEstimate(math.exp(-law.mean / 2.0), 0.0, 0, 0)


@lru_cache(maxsize=65536)
def _cached_search(request: GainRequest, folder: Path | None) -> GainEstimate | NotFound:
    key = request.key()
    # The first of five numbers says whether a g was found: failures are cached too.
    stored = cache.recall(folder, key, 5)
    if stored is not None and stored[0] == 1.0:
        return GainEstimate(stored[1], stored[2], int(stored[3]), int(stored[4]))
    if stored is not None:
        return stored[1], stored[2], stored[3], stored[4]
    found = search(request.setting, request.seed, request.standard_error)
    if isinstance(found, GainEstimate):
        values = (1.0, found.gain, found.standard_error, found.n_samples, found.n_dead)
        cache.store(folder, key, values)
    else:
        cache.store(folder, key, (0.0, *found))
    return found
