"""The multiplier g of the hidden matrices: the unbiased one, and that of each scheme.

References:
    [SA14], [derived] Listed in `rwinit.laws`.
    [HZRS15] K. He et al., Delving Deep into Rectifiers, arXiv:1502.01852.
"""

import math
import os

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rwinit.arguments import (
    SCHEME_NAMES,
    check_choice,
    check_count,
    check_slope,
)
from rwinit.cache import cache_folder
from rwinit.errors import ArgumentError, GainNotFoundError
from rwinit.estimates import STANDARD_ERROR, gain_request, resolve
from rwinit.laws import paper_log_gain_law
from rwinit.nonlinearities import ACTIVATION_NAMES, Nonlinearity
from rwinit.simulation import STANDARD, Conditions


def gain(
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
) -> float:
    """Return the g at which the log norm of the error has no drift.

    For linear, ReLU and leaky ReLU without biases it is ``exp(-mean / 2)`` of the law of ln z:
    [SA14] with the exact mean [derived]. Any other activation is simulated; equal arguments give
    equal results, and `rwinit.estimate_gain` gives the standard error.

    Args:
        activation: A name of `rwinit.ACTIVATION_NAMES`, or a `rwinit.Nonlinearity`.
        width: Units per layer; the fan-in where widths differ.
        depth: Hidden layers; None takes 500, which stands for a long walk. Not read where g is
            exact.
        weights: ``"gaussian"`` (variance 1/width at g = 1) or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        keep: Chance of a unit to survive dropout; survivors are multiplied by ``1 / keep``.
        conditions: Statistics of the input, the first matrix and the biases.
        standard_error: Requested standard error of a simulated g, above 0.
        seed: Non-negative seed of the simulation.
        cache_dir: Folder of cached results; None takes ``RWINIT_CACHE_DIR`` or the user's
            cache folder.

    Returns:
        g, above 0.

    Raises:
        GainNotFoundError: No g leaves the simulated walk without drift.
        ArgumentError: An argument is not allowed.
    """
    request = gain_request(
        activation, width, depth, weights, slope, keep, conditions, standard_error, seed
    )
    return resolve(request, cache_folder(cache_dir)).gain


unbiased_gain = gain


def gain_array(
    activation: ArrayLike,
    width: ArrayLike,
    depth: ArrayLike | None = None,
    *,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
    conditions: Conditions = STANDARD,
    standard_error: float = STANDARD_ERROR,
    seed: int = 0,
    cache_dir: str | os.PathLike[str] | None = None,
) -> NDArray[np.float64]:
    """Return `gain` for arrays of activations, widths and depths, each distinct point once.

    Args:
        activation: Names, any shape.
        width: Integers, any shape that broadcasts.
        depth: Integers, any shape that broadcasts, or None.
        weights: As in `gain`, for all.
        slope: As in `gain`, for all.
        keep: As in `gain`, for all.
        conditions: As in `gain`, for all.
        standard_error: As in `gain`, for all.
        seed: As in `gain`, for all.
        cache_dir: As in `gain`, for all.

    Returns:
        g, float64, of the broadcast shape; NaN where no g leaves the walk without drift.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    arrays = _broadcast_points(activation, width, depth)
    folder = cache_folder(cache_dir)
    gains: dict[tuple[object, ...], float] = {}
    result = np.empty(arrays[0].shape)
    for index, point in enumerate(zip(*(array.flat for array in arrays), strict=True)):
        if point not in gains:
            name, units, layers = point
            request = gain_request(
                name, units, layers, weights, slope, keep, conditions, standard_error, seed
            )
            try:
                gains[point] = resolve(request, folder).gain
            except GainNotFoundError:
                gains[point] = math.nan
        result.flat[index] = gains[point]
    return result


def _broadcast_points(
    activation: ArrayLike, width: ArrayLike, depth: ArrayLike | None
) -> tuple[NDArray[np.object_], ...]:
    # As objects: an activation may be a `Nonlinearity`, and a depth None.
    arrays = [np.asarray(given, dtype=object) for given in (activation, width, depth)]
    try:
        return np.broadcast_arrays(*arrays)
    except ValueError:
        shapes = " and ".join(str(array.shape) for array in arrays)
        raise ArgumentError(
            "activation, width, depth", shapes, "of shapes that broadcast"
        ) from None


def paper_gain(activation: str, width: int) -> float:
    """Return g by the formulas of [SA14], for Gaussian weights.

    ``exp(1 / (2N))`` for linear, ``sqrt(2) exp(1.2 / (max(N, 6) - 2.4))`` for ReLU.

    Args:
        activation: ``"linear"`` or ``"relu"``.
        width: Units per layer N; the fan-in where widths differ.

    Returns:
        g, above 1.

    Raises:
        UnsupportedActivationError: The paper gives no formula for the activation.
        ArgumentError: ``width`` is not allowed.
    """
    return math.exp(-paper_log_gain_law(activation, width).mean / 2.0)


def he_gain(activation: str, slope: float = 0.01) -> float:
    """Return the g with which one layer keeps the mean square [HZRS15].

    Args:
        activation: Any activation of this package.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Returns:
        1 for linear, ``sqrt(2 / (1 + slope^2))`` for leaky ReLU, else sqrt(2): derived for
        ReLU, and commonly used for smooth activations too.

    Raises:
        ArgumentError: The activation is unknown, or the slope is not finite.
    """
    check_choice("activation", activation, ACTIVATION_NAMES)
    check_slope(slope)
    if activation == "linear":
        return 1.0
    if activation == "leaky_relu":
        return math.sqrt(2.0 / (1.0 + slope * slope))
    return math.sqrt(2.0)


def scheme_gain(
    scheme: str,
    activation: str,
    width: int,
    slope: float = 0.01,
    *,
    depth: int | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> float:
    """Return the multiplier that a scheme has for the unit draw of the hidden matrices.

    Args:
        scheme: ``"rwi"`` (the unbiased g), ``"rwi_paper"`` (the fits of [SA14]), ``"he"``,
            ``"glorot"`` and ``"lecun"`` (both 1), or ``"orthogonal"`` (the unbiased g of Haar
            orthogonal matrices).
        activation: Any activation of this package.
        width: Units per hidden layer.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        depth: Hidden layers, as in `gain`; read where g is simulated.
        cache_dir: Folder of cached results, as in `gain`.

    Returns:
        g, above 0.

    Raises:
        UnsupportedActivationError: The paper gives no formula for the activation.
        GainNotFoundError: No g leaves the simulated walk without drift.
        ArgumentError: Another argument is not allowed.
    """
    check_choice("scheme", scheme, SCHEME_NAMES)
    check_choice("activation", activation, ACTIVATION_NAMES)
    check_count("width", width)
    match str(scheme):
        case "rwi":
            return gain(activation, width, depth, slope=slope, cache_dir=cache_dir)
        case "rwi_paper":
            return paper_gain(activation, width)
        case "orthogonal":
            return gain(
                activation, width, depth, weights="orthogonal", slope=slope, cache_dir=cache_dir
            )
        case "he":
            return he_gain(activation, slope)
        case _:
            return 1.0
