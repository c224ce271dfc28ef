"""Compare the measured walk of a live network with its law, in standard deviations."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from rwinit.profiles import Profile, profile
from rwinit.walks import WalkLaw, walk_law, walk_law_of_widths

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class WalkComparison:
    """The walk of a live network, measured and predicted.

    Attributes:
        profile: Measured norms, layer by layer.
        law: Predicted drift and spread.
        z_scores: Each sample's log gradient norm in predicted standard deviations from the
            predicted mean, shape ``(batch,)``. Samples share the network: they are not
            independent.
    """

    profile: Profile
    law: WalkLaw
    z_scores: Array


def compare_with_law(
    model: nn.Module,
    x: Tensor,
    error: Tensor,
    *,
    activation: str,
    g: float,
    weights: str = "gaussian",
    slope: float = 0.01,
) -> WalkComparison:
    """Return the measured walk of an initial network, its law, and the z-scores.

    Args:
        model: A chain of linear layers with the activation between them, biases zero.
        x: Float samples, shape ``(batch, n_inputs)``.
        error: Gradient at the output; random normal, so that its direction is isotropic.
        activation: A name of `rwinit.ACTIVATION_NAMES`. Without an exact law the hidden widths
            have to be equal.
        g: Multiplier of the hidden matrices over ``1 / sqrt(fan_in)``.
        weights: ``"gaussian"`` or ``"orthogonal"``.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.

    Raises:
        UnsupportedActivationError: No exact law, and the hidden widths differ.
        ArgumentError: An argument is not allowed.
    """
    measured = profile(model, x, error)
    widths = measured.widths[1:]
    if len(set(widths)) == 1:
        law = walk_law(activation, widths[0], len(widths), g=g, weights=weights, slope=slope)
    else:
        law = walk_law_of_widths(activation, widths, g=g, weights=weights, slope=slope)
    return WalkComparison(measured, law, law.z_score(measured.log_walk))
