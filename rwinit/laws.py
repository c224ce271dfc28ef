"""The law of what one layer adds to the log squared norm of the back-propagated error.

A layer at g = 1 multiplies the squared norm by z. Over the layers, ln z sums to a random walk.
psi and psi1 are the digamma and trigamma functions, N is the width, and M the number of active
units: Binomial(N, 1/2), given that the layer is not wholly off.

References:
    [SA14] D. Sussillo, L. F. Abbott, Random Walk Initialization for Training Very Deep
        Feedforward Networks, arXiv:1412.6558.
    [derived] Worked out for this package and checked by simulation; not in the paper.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rwinit.active_units import active_moments
from rwinit.arguments import (
    HOMOGENEOUS_NAMES,
    WEIGHT_LAWS,
    check_choice,
    check_count,
    check_keep,
    check_slope,
)
from rwinit.errors import UnsupportedActivationError
from rwinit.leaky_units import leaky_moments
from rwinit.nonlinearities import ACTIVATION_NAMES

_LN_2: Final = math.log(2.0)


@dataclass(frozen=True, slots=True)
class LogGainLaw:
    """First two moments of ln z, the log squared-norm gain of one layer at g = 1.

    Attributes:
        mean: Mean of ln z, in nats.
        variance: Variance of ln z, in nats squared; 0 only where z is constant.
    """

    mean: float
    variance: float


def log_gain_law(
    activation: str,
    width: int,
    *,
    weights: str = "gaussian",
    slope: float = 0.01,
    keep: float = 1.0,
) -> LogGainLaw:
    """Return the exact law of one layer's log gain, given that the layer is not wholly off.

    Weights are square, i.i.d. of variance 1/width or Haar orthogonal; biases are zero [derived].

    Args:
        activation: ``"linear"``, ``"relu"`` or ``"leaky_relu"``.
        width: Units per layer, at least 1.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope of ``"leaky_relu"``; any finite number, 0 is ReLU.
        keep: Chance of a unit to survive dropout, above 0 and at most 1; survivors are
            multiplied by ``1 / keep``, as in ``torch.nn.Dropout``.

    Returns:
        Mean and variance in nats. At width 1 a ReLU that is on passes everything, so its law
        is that of the linear layer.

    Raises:
        UnsupportedActivationError: The activation has no closed form here.
        ArgumentError: An argument is not allowed.
    """
    check_choice("activation", activation, ACTIVATION_NAMES)
    width = check_count("width", width)
    check_choice("weights", weights, WEIGHT_LAWS)
    check_slope(slope)
    keep = check_keep(keep)
    if activation not in HOMOGENEOUS_NAMES:
        raise UnsupportedActivationError(activation)
    # Other activations do not read the slope: one value of it keeps one cache entry for them.
    relevant = float(slope) if activation == "leaky_relu" else 0.0
    return _law(str(activation), width, str(weights) == "orthogonal", relevant, keep)


def paper_log_gain_law(activation: str, width: int) -> LogGainLaw:
    """Return the fits of [SA14] to the law for Gaussian weights.

    For ReLU they are within 0.0084 of the exact mean from width 10 up, and poor below 8. For
    the linear layer the mean is the one that the paper's g stands for, and the variance is the
    leading order of the exact one.

    Args:
        activation: ``"linear"`` or ``"relu"``.
        width: Units per layer, at least 1.

    Returns:
        Mean and variance in nats.

    Raises:
        UnsupportedActivationError: The paper gives no formula for the activation.
        ArgumentError: The activation is unknown, or ``width`` is not allowed.
    """
    check_choice("activation", activation, ACTIVATION_NAMES)
    width = check_count("width", width)
    match str(activation):
        case "linear":
            return LogGainLaw(-1.0 / width, 2.0 / width)
        case "relu":
            # The fits have poles at 2.4 and 4; the paper gives them from width 6 up.
            clipped = max(width, 6)
            return LogGainLaw(-_LN_2 - 2.4 / (clipped - 2.4), 5.0 / (clipped - 4))
        case _:
            raise UnsupportedActivationError(activation)


@lru_cache(maxsize=65536)
def _law(activation: str, width: int, orthogonal: bool, slope: float, keep: float) -> LogGainLaw:
    if activation == "leaky_relu" and slope != 0.0:
        mean, variance = leaky_moments(width, slope, keep)
    else:
        mean, variance = active_moments(width, keep if activation == "linear" else keep / 2.0)
    law = LogGainLaw(mean - 2.0 * math.log(keep), variance)
    return _without_factor(law, _law("linear", width, False, 0.0, 1.0)) if orthogonal else law


def _without_factor(law: LogGainLaw, factor: LogGainLaw) -> LogGainLaw:
    """Return the law of a product without one of its two independent factors, in logarithms.

    A Gaussian matrix stretches an isotropic vector by an independent chi-square factor, whose law
    is that of the linear layer. A Haar matrix does not stretch, so that its law is the Gaussian
    one without this factor, for every positively homogeneous activation [derived].
    """
    return LogGainLaw(law.mean - factor.mean, law.variance - factor.variance)
