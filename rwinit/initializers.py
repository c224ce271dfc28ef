"""Initial weights, written in place.

Matrices have the shape of ``torch.nn.Linear.weight``, ``(fan_out, fan_in)``. Every draw is made
in float64 on the generator's device and then rounded, so one generator state gives the same
underlying draw for every dtype. g is folded into the weights: kept as a multiplier of the layer,
it would change the effective learning rate by g squared.

References:
    [SA14] arXiv:1412.6558, listed in `rwinit.laws`.
    [HZRS15] K. He et al., Delving Deep into Rectifiers, arXiv:1502.01852.
    [GB10] X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward
        neural networks, AISTATS 2010.
    [LBOM98] Y. LeCun et al., Efficient BackProp, 1998.
    [SMG13] A. Saxe et al., Exact solutions to the nonlinear dynamics of learning in deep linear
        neural networks, arXiv:1312.6120.
"""

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from rwinit import gains
from rwinit.arguments import SCHEME_NAMES, check_choice, check_multiplier, check_slope
from rwinit.draws import Shape, draw, normal
from rwinit.errors import ArgumentError


def rwi_(
    weight: Tensor, *, activation: str = "relu", gain: float | None = None, generator: Generator
) -> Tensor:
    """Fill a matrix by random walk initialization, with the exact unbiased g for its fan-in.

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        activation: ``"linear"`` or ``"relu"``; not read where ``gain`` is given.
        gain: g, finite and at least 0; None computes it.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``, i.i.d. normal of variance ``g^2 / fan_in`` [SA14].

    Raises:
        UnsupportedActivationError: ``gain`` is None and the activation has no closed form here.
        ArgumentError: Another argument is not allowed.
    """
    _, fan_in = _shape(weight)
    g = gains.gain(activation, fan_in) if gain is None else gain
    return _fill_(weight, "rwi", g, generator, "gain")


def rwi_paper_(weight: Tensor, *, activation: str = "relu", generator: Generator) -> Tensor:
    """Fill a matrix by random walk initialization with the fitted g of [SA14] for its fan-in.

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        activation: ``"linear"`` or ``"relu"``.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``, i.i.d. normal of variance ``g^2 / fan_in``.

    Raises:
        UnsupportedActivationError: The paper gives no formula for the activation.
        ArgumentError: Another argument is not allowed.
    """
    _, fan_in = _shape(weight)
    return _fill_(weight, "rwi_paper", gains.paper_gain(activation, fan_in), generator)


def he_(
    weight: Tensor, *, mode: str = "fan_in", slope: float = 0.0, generator: Generator
) -> Tensor:
    """Fill a matrix so that a (leaky) ReLU layer keeps the mean square [HZRS15].

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        mode: ``"fan_in"`` keeps it forwards, ``"fan_out"`` backwards.
        slope: Negative-side slope: 0 is ReLU, 1 linear.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``, i.i.d. normal of variance ``2 / ((1 + slope^2) fan)``.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    fans = dict(zip(("fan_out", "fan_in"), _shape(weight), strict=True))
    check_choice("mode", mode, fans)
    check_slope(slope)
    deviation = math.sqrt(2.0 / ((1.0 + slope * slope) * fans[mode]))
    return _write_(weight, normal(_shape(weight), deviation, _source(generator)))


def glorot_(weight: Tensor, *, generator: Generator) -> Tensor:
    """Fill a matrix with i.i.d. normals of variance ``2 / (fan_in + fan_out)`` [GB10].

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    return unit_draw_(weight, "glorot", generator=generator)


def lecun_(weight: Tensor, *, generator: Generator) -> Tensor:
    """Fill a matrix with i.i.d. normals of variance ``1 / fan_in`` [LBOM98].

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    return unit_draw_(weight, "lecun", generator=generator)


def orthogonal_(weight: Tensor, *, gain: float = 1.0, generator: Generator) -> Tensor:
    """Fill a matrix with a Haar (semi-)orthogonal one times a gain [SMG13].

    The gain that keeps a ReLU walk unbiased is ``rwinit.gain("relu", width,
    weights="orthogonal")``.

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        gain: Factor, finite and at least 0.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``: its shorter side's vectors are orthogonal, each of length ``gain``.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    return _fill_(weight, "orthogonal", gain, generator, "gain")


def unit_draw_(weight: Tensor, scheme: str, *, generator: Generator) -> Tensor:
    """Fill a matrix with a scheme's draw at multiplier 1.

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        scheme: ``"rwi"``, ``"rwi_paper"``, ``"he"``, ``"lecun"``: i.i.d. normal of variance
            ``1 / fan_in``; ``"glorot"``: ``2 / (fan_in + fan_out)``; ``"orthogonal"``: Haar
            (semi-)orthogonal.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    return _fill_(weight, scheme, 1.0, generator)


def initialize_(
    weights: Sequence[Tensor],
    biases: Sequence[Tensor],
    *,
    scheme: str,
    g: float,
    g_in: float = 1.0,
    g_out: float = 1.0,
    generators: Sequence[Generator],
) -> None:
    """Fill all matrices of a feed-forward network, and zero its biases.

    One generator per matrix: matrix d then has the same underlying draw whatever the depth.

    Args:
        weights: The D + 1 float matrices, input side first, each ``(fan_out, fan_in)``.
        biases: Their biases, in the same order.
        scheme: Which unit draw, as in `unit_draw_`.
        g: Multiplier of the D - 1 hidden matrices.
        g_in: Multiplier of the first matrix.
        g_out: Multiplier of the last.
        generators: Sources of the draws, one per matrix; advanced.

    Raises:
        ArgumentError: An argument is not allowed, fewer than two matrices are given, or the
            sequences differ in length. Nothing has been written then.
    """
    count = len(weights)
    if count < 2:
        raise ArgumentError("weights", f"{count} matrices", "at least two matrices")
    for name, sequence in (("biases", biases), ("generators", generators)):
        if len(sequence) != count:
            raise ArgumentError(name, f"{len(sequence)} entries", f"one per matrix, {count}")
    check_choice("scheme", scheme, SCHEME_NAMES)
    for name, factor in (("g", g), ("g_in", g_in), ("g_out", g_out)):
        check_multiplier(name, factor)
    shapes = [_shape(weight, f"weights[{d}]") for d, weight in enumerate(weights)]
    sources = [_source(entry, f"generators[{d}]") for d, entry in enumerate(generators)]
    factors = [g_in, *[g] * (count - 2), g_out]
    for weight, shape, factor, source in zip(weights, shapes, factors, sources, strict=True):
        _write_(weight, draw(scheme, shape, source).mul_(factor))
    with torch.no_grad():
        for bias in biases:
            bias.zero_()


def _fill_(
    weight: Tensor, scheme: str, factor: float, generator: Generator, name: str = "factor"
) -> Tensor:
    shape = _shape(weight)
    check_choice("scheme", scheme, SCHEME_NAMES)
    check_multiplier(name, factor)
    return _write_(weight, draw(scheme, shape, _source(generator)).mul_(factor))


def _write_(weight: Tensor, values: Tensor) -> Tensor:
    with torch.no_grad():
        return weight.copy_(values)


def _shape(weight: Tensor, name: str = "weight") -> Shape:
    if weight.ndim != 2 or weight.numel() == 0 or not weight.is_floating_point():
        given = f"{weight.dtype} of shape {tuple(weight.shape)}"
        raise ArgumentError(name, given, "a float matrix (fan_out, fan_in) with no side of 0")
    fan_out, fan_in = weight.shape
    return fan_out, fan_in


def _source(generator: Generator, name: str = "generator") -> Generator:
    if not isinstance(generator, Generator):
        raise ArgumentError(name, generator, "a torch.Generator")
    return generator
