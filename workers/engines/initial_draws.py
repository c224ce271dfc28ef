"""Drawing of a trial's initial weights, each matrix from its own stream of random numbers."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from workers.architectures import ParameterGroup
from workers.contract import Scheme, TrialSpec
from workers.engines.matrix_draws import draw_matrix_
from workers.engines.samples import Split
from workers.engines.unit_variance import scale_layers_
from workers.generators import weight_generators

GroupTensors = Mapping[str, Sequence[Tensor]]
"""One tensor for each matrix of a group, by the group's name."""


def draw_weights_(
    spec: TrialSpec, groups: Sequence[ParameterGroup], weights: GroupTensors, train: Split
) -> None:
    """Fill the matrices of the groups with a trial's initial weights.

    Args:
        spec: The trial.
        groups: All groups of the trial's network that are trained, and any fixed ones.
        weights: Matrices of the groups, each ``(fan_out, fan_in)``, overwritten.
        train: Training samples, on which the scheme ``lsuv`` measures the layers.
    """
    draw_matrices_(spec, groups, weights)
    if spec.init.scheme is Scheme.LSUV:
        scale_layers_(spec, weights, train)


@torch.no_grad()
def draw_matrices_(
    spec: TrialSpec, groups: Sequence[ParameterGroup], weights: GroupTensors
) -> None:
    """Fill the matrices of some groups by the groups' laws, with one generator per matrix.

    Args:
        spec: The trial.
        groups: The groups.
        weights: Matrices of the groups, as `workers.engines.matrix_draws.blank_matrix` makes them,
            overwritten.
    """
    for group in groups:
        generators = weight_generators(spec.seed, group.streams)
        for weight, generator in zip(weights[group.name], generators, strict=True):
            draw_matrix_(weight, group, spec, generator)
