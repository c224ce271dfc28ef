"""Initial weights, written into tensors in place.

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
    [BFLLMM17] D. Balduzzi et al., The Shattered Gradients Problem, arXiv:1702.08591.
    [SGGS17] S. Schoenholz et al., Deep Information Propagation, arXiv:1611.01232.
"""

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor

from rwinit import gains
from rwinit.arguments import SCHEME_NAMES, check_choice, check_multiplier, check_slope
from rwinit.correlation import critical_point
from rwinit.draws import Shape, draw, normal
from rwinit.errors import ArgumentError
from rwinit.nonlinearities import Nonlinearity


def rwi_(
    weight: Tensor,
    *,
    activation: str | Nonlinearity = "relu",
    gain: float | None = None,
    depth: int | None = None,
    slope: float = 0.01,
    generator: Generator,
) -> Tensor:
    """Fill a matrix by random walk initialization, with the unbiased g for its fan-in.

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        activation: As in `rwinit.gain`; not read where ``gain`` is given.
        gain: g, finite and at least 0; None computes it.
        depth: Hidden layers of the network, as in `rwinit.gain`; read where g is simulated.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``, i.i.d. normal of variance ``g^2 / fan_in`` [SA14].

    Raises:
        GainNotFoundError: ``gain`` is None, and no g leaves the simulated walk without drift.
        ArgumentError: Another argument is not allowed.
    """
    _, fan_in = matrix_shape(weight)
    g = gains.gain(activation, fan_in, depth, slope=slope) if gain is None else gain
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
    _, fan_in = matrix_shape(weight)
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
    fans = dict(zip(("fan_out", "fan_in"), matrix_shape(weight), strict=True))
    check_choice("mode", mode, fans)
    check_slope(slope)
    deviation = math.sqrt(2.0 / ((1.0 + slope * slope) * fans[mode]))
    return _write_(weight, normal(matrix_shape(weight), deviation, checked_generator(generator)))


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
    return scheme_draw_(weight, "glorot", generator=generator)


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
    return scheme_draw_(weight, "lecun", generator=generator)


def orthogonal_(
    weight: Tensor,
    *,
    gain: float | None = None,
    activation: str | Nonlinearity = "linear",
    depth: int | None = None,
    slope: float = 0.01,
    generator: Generator,
) -> Tensor:
    """Fill a matrix with a Haar (semi-)orthogonal one times a gain [SMG13].

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        gain: Factor, finite and at least 0; None takes the unbiased g of orthogonal matrices,
            which is 1 for the linear activation and exact for ReLU.
        activation: As in `rwinit.gain`; not read where ``gain`` is given.
        depth: Hidden layers of the network, as in `rwinit.gain`; read where g is simulated.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``: its shorter side's vectors are orthogonal, each of length ``gain``.

    Raises:
        GainNotFoundError: ``gain`` is None, and no g leaves the simulated walk without drift.
        ArgumentError: An argument is not allowed.
    """
    _, fan_in = matrix_shape(weight)
    if gain is None:
        gain = gains.gain(activation, fan_in, depth, weights="orthogonal", slope=slope)
    return _fill_(weight, "orthogonal", gain, generator, "gain")


def looks_linear_(
    weight: Tensor,
    *,
    gain: float = 1.0,
    mirror_in: bool = True,
    mirror_out: bool = True,
    generator: Generator,
) -> Tensor:
    """Fill a matrix so that a ReLU network computes a linear, orthogonal function [BFLLMM17].

    A hidden matrix is ``[[W, -W], [-W, W]]``: with ``relu(x) - relu(-x) = x`` two mirrored halves
    of a layer pass everything. The first matrix mirrors its outputs only, the last its inputs.

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        gain: Factor of the orthogonal W, finite and at least 0.
        mirror_in: Whether the inputs come in two mirrored halves; ``fan_in`` is even then.
        mirror_out: Whether the outputs are made in two mirrored halves; ``fan_out`` is even then.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``.

    Raises:
        ArgumentError: An argument is not allowed, or a side to be mirrored is odd.
    """
    fan_out, fan_in = matrix_shape(weight)
    check_multiplier("gain", gain)
    for name, side, mirrored in (
        ("fan_out", fan_out, mirror_out),
        ("fan_in", fan_in, mirror_in),
    ):
        if mirrored and side % 2:
            raise ArgumentError(f"weight's {name}", side, "even where it is mirrored")
    shape = fan_out // (1 + mirror_out), fan_in // (1 + mirror_in)
    block = draw("orthogonal", shape, checked_generator(generator)).mul_(gain)
    if mirror_in:
        block = torch.cat([block, -block], dim=1)
    if mirror_out:
        block = torch.cat([block, -block], dim=0)
    return _write_(weight, block)


def mean_field_(
    weight: Tensor,
    bias: Tensor | None,
    *,
    activation: str | Nonlinearity = "tanh",
    q: float = 1.0,
    slope: float = 0.01,
    generator: Generator,
) -> Tensor:
    """Fill a matrix and its bias on the edge of chaos of very wide networks [SGGS17].

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        bias: Float vector of shape ``(fan_out,)``, overwritten; None where the critical biases
            are zero, as for ReLU.
        activation: As in `rwinit.critical_point`.
        q: Variance of pre-activations to keep, above 0.
        slope: Negative-side slope; read for ``"leaky_relu"`` only.
        generator: Source of the draws, the matrix's first; advanced.

    Returns:
        ``weight``, i.i.d. normal of variance ``sigma_w^2 / fan_in``; biases have variance
        ``sigma_b^2``.

    Raises:
        ArgumentError: An argument is not allowed, or biases are needed and there are none.
    """
    shape, source = matrix_shape(weight), checked_generator(generator)
    point = critical_point(activation, q=q, slope=slope)
    check_bias(bias, point.sigma_b)
    _write_(weight, normal(shape, point.sigma_w / math.sqrt(shape[1]), source))
    if bias is not None:
        _write_(bias, normal((1, shape[0]), point.sigma_b, source)[0])
    return weight


def check_bias(bias: Tensor | None, sigma_b: float) -> None:
    """Raise ArgumentError where a scheme needs random biases and a layer has none."""
    if bias is None and sigma_b > 0.0:
        allowed = f"a vector: the critical point has biases of deviation {sigma_b:.4g}"
        raise ArgumentError("bias", None, allowed)
    if bias is not None and not bias.is_floating_point():
        raise ArgumentError("bias", str(bias.dtype), "a float vector (fan_out,)")


def scheme_draw_(
    weight: Tensor, scheme: str, *, factor: float = 1.0, generator: Generator
) -> Tensor:
    """Fill a matrix with a scheme's unit draw times a factor.

    Args:
        weight: Float matrix of shape ``(fan_out, fan_in)``, overwritten.
        scheme: ``"rwi"``, ``"rwi_paper"``, ``"he"``, ``"lecun"``: i.i.d. normal of variance
            ``1 / fan_in``; ``"glorot"``: ``2 / (fan_in + fan_out)``; ``"orthogonal"``: Haar
            (semi-)orthogonal.
        factor: Multiplies the draw before it is rounded, finite and at least 0.
        generator: Source of the draw; advanced.

    Returns:
        ``weight``.

    Raises:
        ArgumentError: An argument is not allowed.
    """
    return _fill_(weight, scheme, factor, generator)


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

    Each matrix has a generator of its own, so that matrix d has the same underlying draw in
    networks of every depth.

    Args:
        weights: The D + 1 float matrices, input side first, each ``(fan_out, fan_in)``.
        biases: Their biases, in the same order.
        scheme: Law of the unit draw, as in `scheme_draw_`.
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
    shapes = [matrix_shape(weight, f"weights[{d}]") for d, weight in enumerate(weights)]
    sources = [checked_generator(entry, f"generators[{d}]") for d, entry in enumerate(generators)]
    factors = [g_in, *[g] * (count - 2), g_out]
    for weight, shape, factor, source in zip(weights, shapes, factors, sources, strict=True):
        _write_(weight, draw(scheme, shape, source).mul_(factor))
    with torch.no_grad():
        for bias in biases:
            bias.zero_()


# `name` is the argument of the caller that a message about the factor is to name.
def _fill_(
    weight: Tensor, scheme: str, factor: float, generator: Generator, name: str = "factor"
) -> Tensor:
    shape = matrix_shape(weight)
    check_choice("scheme", scheme, SCHEME_NAMES)
    check_multiplier(name, factor)
    return _write_(weight, draw(scheme, shape, checked_generator(generator)).mul_(factor))


def _write_(weight: Tensor, values: Tensor) -> Tensor:
    with torch.no_grad():
        return weight.copy_(values)


def matrix_shape(weight: Tensor, name: str = "weight") -> Shape:
    """Return ``(fan_out, fan_in)`` of a weight; raise ArgumentError unless it is a float matrix."""
    if not isinstance(weight, Tensor):
        raise ArgumentError(name, type(weight).__name__, "a tensor")
    if weight.ndim != 2 or weight.numel() == 0 or not weight.is_floating_point():
        given = f"{weight.dtype} of shape {tuple(weight.shape)}"
        raise ArgumentError(name, given, "a float matrix (fan_out, fan_in) with no side of 0")
    fan_out, fan_in = weight.shape
    return fan_out, fan_in


def checked_generator(generator: Generator, name: str = "generator") -> Generator:
    """Return a generator; raise ArgumentError for anything else, such as None.

    There is no default: torch's global generator is never used.
    """
    if not isinstance(generator, Generator):
        raise ArgumentError(name, generator, "a torch.Generator")
    return generator
