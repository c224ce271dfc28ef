"""Drawing of a trial's initial weights, each matrix from its own stream of random numbers."""

from collections.abc import Mapping, Sequence

import torch
from torch import Generator, Tensor

import rwinit
from workers.architectures import MatrixLaw, ParameterGroup
from workers.contract import Init
from workers.generators import weight_generators

GroupTensors = Mapping[str, Sequence[Tensor]]
"""One tensor for each matrix of a group, by the group's name."""


@torch.no_grad()
def draw_weights_(
    groups: Sequence[ParameterGroup], weights: GroupTensors, init: Init, seed: int
) -> None:
    """Fill the matrices of some groups with initial weights, with one generator per matrix.

    Args:
        groups: The groups.
        weights: Matrices of the groups, each ``(fan_out, fan_in)``, overwritten. Of a group of
            permutations each is the order of the columns, int64, ``(fan_out,)``: row i of the
            matrix has its 1 in column ``order[i]``.
        init: Scheme and factors.
        seed: The trial's seed.
    """
    for group in groups:
        generators = weight_generators(seed, group.streams)
        for weight, generator in zip(weights[group.name], generators, strict=True):
            _draw_(weight, group, init, generator)


def _draw_(weight: Tensor, group: ParameterGroup, init: Init, generator: Generator) -> None:
    match group.draw:
        case MatrixLaw.SCHEME:
            factor = group.factor.of(init)
            rwinit.scheme_draw_(weight, init.scheme, factor=factor, generator=generator)
        case MatrixLaw.HAAR:
            rwinit.scheme_draw_(weight, "orthogonal", generator=generator)
        case MatrixLaw.PERMUTATION:
            weight.copy_(torch.randperm(group.fan_out, generator=generator))
