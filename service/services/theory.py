"""Predict the unbiased g of a network, and the distribution of its log gradient norm.

The functions read no row, so they take no session.
"""

import math
from typing import Final

import numpy as np

import rwinit
from rwinit import ArgumentError, GainEstimate, WalkLaw
from service.charts.walk_band import QUANTILES
from service.planner.forecasts import death_probability, mean_field
from service.planner.walk_laws import MOST_UNITS
from service.planner.warnings import FAR
from service.query.errors import QueryError
from service.schemas.theory import TheoryCorrelation, TheoryGain, TheoryQuantile, TheoryWalk
from workers.architectures import EXACT
from workers.contract import Activation

BOUND: Final = FAR
PROBABILITY: Final = 0.95


def gain(
    activation: str,
    width: int,
    depth: int | None = None,
    *,
    weights: str = "gaussian",
    slope: float = 0.01,
) -> TheoryGain:
    """Return the unbiased g; an activation without a closed form is simulated for some seconds.

    Args:
        activation: Name of an activation in rwinit.
        width: Units per hidden layer.
        depth: Hidden layers; None for the limit of many.
        weights: gaussian or orthogonal.
        slope: Slope for negative inputs; only leaky_relu uses it.

    Raises:
        QueryError: The network has to be simulated and is too large for a request.
        rwinit.GainNotFoundError: No g makes the drift zero.
        rwinit.ArgumentError: An argument is not allowed.
    """
    _check_size(activation, width, rwinit.LONG_DEPTH if depth is None else depth)
    found: GainEstimate = rwinit.estimate_gain(
        activation, width, depth, weights=weights, slope=slope
    )
    return TheoryGain(
        activation=activation,
        width=width,
        depth=depth,
        weights=weights,
        slope=slope,
        gain=found.gain,
        standard_error=found.standard_error,
        exact=found.n_samples == 0,
        n_samples=found.n_samples,
        paper_gain=_paper_gain(activation, width, weights),
        he=rwinit.he_gain(activation, slope),
    )


def walk(
    activation: str,
    width: int,
    depth: int,
    *,
    g: float | None = None,
    weights: str = "gaussian",
    slope: float = 0.01,
    bound: float = BOUND,
    probability: float = PROBABILITY,
) -> TheoryWalk:
    """Return the distribution of the log gradient norm.

    An activation without a closed form is simulated, which takes seconds the first time.

    Args:
        activation: Name of an activation in rwinit.
        width: Units per hidden layer.
        depth: Hidden layers.
        g: Factor of the hidden matrices; None for the unbiased g.
        weights: gaussian or orthogonal.
        slope: Slope for negative inputs; only leaky_relu uses it.
        bound: Largest size of the log gradient norm at `depth_limit`, in nats.
        probability: Probability of staying within the bound at `depth_limit`.

    Raises:
        QueryError: The network has to be simulated and is too large for a request.
        rwinit.GainNotFoundError: No g makes the drift zero.
        rwinit.ArgumentError: An argument is not allowed.
    """
    _check_size(activation, width, depth)
    # Before the walk, so that a wrong argument is reported before seconds of simulation.
    limit = _depth_limit(activation, width, g, weights, slope, bound, probability)
    factor = g
    if factor is None:
        factor = rwinit.gain(activation, width, depth, weights=weights, slope=slope)
    law = rwinit.walk_law(activation, width, depth, g=factor, weights=weights, slope=slope)
    if not (math.isfinite(law.drift) and math.isfinite(law.spread)):
        raise ArgumentError("g", factor, "one at which most simulated networks pass an error")
    return TheoryWalk(
        activation=activation,
        width=width,
        depth=depth,
        weights=weights,
        slope=slope,
        g=factor,
        exact=activation in EXACT,
        drift=float(law.drift),
        drift_error=float(law.drift_error),
        spread=float(law.spread),
        n_samples=int(law.n_samples),
        quantiles=_quantiles(law),
        death_probability=death_probability(activation, width, depth, slope),
        inverse_width_sum=depth / width,
        bound=bound,
        probability=probability,
        depth_limit=limit,
        correlation=_correlation(activation, factor, slope),
    )


def _check_size(activation: str, width: int, depth: int) -> None:
    if activation in EXACT or width * depth <= MOST_UNITS:
        return
    message = f"width times depth of a network that is simulated is at most {MOST_UNITS}"
    raise QueryError("depth", f"{width} x {depth}", message)


def _paper_gain(activation: str, width: int, weights: str) -> float | None:
    # arXiv:1412.6558 has formulas for Gaussian matrices and these two activations only.
    if weights != "gaussian" or activation not in (Activation.LINEAR, Activation.RELU):
        return None
    return rwinit.paper_gain(activation, width)


def _depth_limit(
    activation: str,
    width: int,
    g: float | None,
    weights: str,
    slope: float,
    bound: float,
    probability: float,
) -> int | None:
    # Computed for a linear network if there is no closed form, only to check the arguments.
    computed = activation if activation in EXACT else Activation.LINEAR.value
    limit = float(
        rwinit.depth_limit(computed, width, bound, probability, g=g, weights=weights, slope=slope)
    )
    return int(limit) if activation in EXACT and math.isfinite(limit) else None


def _quantiles(law: WalkLaw) -> tuple[TheoryQuantile, ...]:
    values = law.quantile(np.array(QUANTILES))
    return tuple(
        TheoryQuantile(probability=chance, log_norm=float(value))
        for chance, value in zip(QUANTILES, values, strict=True)
    )


def _correlation(activation: str, g: float, slope: float) -> TheoryCorrelation | None:
    field = mean_field(activation, g, slope)
    if field is None:
        return None
    scale = field.depth_scale if math.isfinite(field.depth_scale) else None
    return TheoryCorrelation(fixed_point=field.correlation, chi=field.chi, depth_scale=scale)
