"""Drawing of one matrix by the law of its group."""

import torch
from torch import Generator, Tensor

import rwinit
from workers.architectures import Factor, MatrixLaw, ParameterGroup
from workers.contract import Init, Scheme

# Schemes that have the unit draw of another one.
_DRAWN_AS = {Scheme.LYAPUNOV: Scheme.RWI, Scheme.LSUV: Scheme.ORTHOGONAL}


def draw_matrix_(weight: Tensor, group: ParameterGroup, init: Init, generator: Generator) -> None:
    """Fill a matrix by its group's law.

    Args:
        weight: The matrix, ``(fan_out, fan_in)``, overwritten.
        group: Its group.
        init: Scheme and factors.
        generator: Source of the draw; advanced.
    """
    match group.draw:
        case MatrixLaw.SCHEME if init.scheme is Scheme.LOOKS_LINEAR:
            _draw_looks_linear_(weight, group, init, generator)
        case MatrixLaw.SCHEME:
            scheme, factor = _DRAWN_AS.get(init.scheme, init.scheme), group.factor.of(init)
            rwinit.scheme_draw_(weight, scheme, factor=factor, generator=generator)
        case MatrixLaw.HAAR:
            rwinit.scheme_draw_(weight, "orthogonal", generator=generator)
        case MatrixLaw.PERMUTATION:
            order = torch.randperm(group.fan_out, generator=generator)
            weight.copy_(torch.eye(group.fan_out)[order])


def _draw_looks_linear_(
    weight: Tensor, group: ParameterGroup, init: Init, generator: Generator
) -> None:
    # A sample does not consist of two mirrored halves, and neither do the outputs.
    rwinit.looks_linear_(
        weight,
        gain=group.factor.of(init),
        mirror_in=group.factor is not Factor.G_IN,
        mirror_out=group.factor is not Factor.G_OUT,
        generator=generator,
    )
