"""Drawing of one matrix by the law of its group."""

import torch
from torch import Generator, Tensor

import rwinit
from workers.architectures import Factor, MatrixLaw, ParameterGroup
from workers.contract import Scheme, TrialSpec

# Schemes that have the unit draw of another one.
_DRAWN_AS = {
    Scheme.LYAPUNOV: Scheme.RWI,
    Scheme.LYAPUNOV_SAMPLED: Scheme.RWI,
    Scheme.LSUV: Scheme.ORTHOGONAL,
}


def draw_matrix_(
    weight: Tensor, group: ParameterGroup, spec: TrialSpec, generator: Generator
) -> None:
    """Fill a matrix by its group's law.

    Args:
        weight: The matrix as `blank_matrix` makes it, overwritten.
        group: Its group.
        spec: The trial.
        generator: Source of the draw; advanced.
    """
    match group.draw:
        case MatrixLaw.SCHEME:
            _draw_by_scheme_(weight, group, spec, generator)
        case MatrixLaw.NORMAL:
            rwinit.scheme_draw_(weight, "lecun", generator=generator)
        case MatrixLaw.HAAR:
            rwinit.scheme_draw_(weight, "orthogonal", generator=generator)
        case MatrixLaw.PERMUTATION:
            weight.copy_(torch.randperm(group.fan_out, generator=generator))


def blank_matrix(group: ParameterGroup, dtype: torch.dtype) -> Tensor:
    """Return a matrix of zeros of a group, or the identity of a group of permutations.

    Returns:
        ``(fan_out, fan_in)`` of the dtype. A permutation is the order of its columns, int64,
        ``(fan_out,)``: row i of the matrix has its 1 in column ``order[i]``.
    """
    if group.draw is MatrixLaw.PERMUTATION:
        return torch.arange(group.fan_out)
    return torch.zeros(group.fan_out, group.fan_in, dtype=dtype)


def _draw_by_scheme_(
    weight: Tensor, group: ParameterGroup, spec: TrialSpec, generator: Generator
) -> None:
    network, factor = spec.network, group.factor.of(spec.init)
    match spec.init.scheme:
        case Scheme.LOOKS_LINEAR:
            rwinit.looks_linear_(
                weight,
                gain=factor,
                # A sample does not consist of mirrored halves, and neither do the outputs.
                mirror_in=group.factor is not Factor.G_IN,
                mirror_out=group.factor is not Factor.G_OUT,
                generator=generator,
            )
        # The walk goes through the hidden matrices alone.
        case Scheme.LYAPUNOV_SAMPLED if group.factor is Factor.G:
            rwinit.lyapunov_sampled_(
                weight,
                activation=network.activation,
                slope=network.slope,
                gain=factor,
                generator=generator,
            )
        case scheme:
            unit = _DRAWN_AS.get(scheme, scheme)
            rwinit.scheme_draw_(weight, unit, factor=factor, generator=generator)
