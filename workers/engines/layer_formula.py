"""Formula of a layer in torch, for code that computes one layer after another."""

from collections.abc import Callable

import torch
from torch import Tensor

from workers.architectures import LayerRule, Skip

Function = Callable[[Tensor], Tensor]


def filtered(skip: Skip, matrix: Tensor, h: Tensor) -> Tensor:
    """Return ``S h`` for the fixed matrix of a skip.

    Args:
        skip: Law of S, orthogonal or a permutation.
        matrix: S as `workers.engines.matrix_draws.blank_matrix` has it.
        h: Rows of shape ``(batch, width)``.
    """
    return h[:, matrix] if skip is Skip.PERMUTATION else h @ matrix.T


def layer_output(
    rule: LayerRule,
    function: Function,
    before: Tensor,
    carried: Tensor,
    before_gate: Tensor | None = None,
) -> Tensor:
    """Return the output of a layer by the formula of its `LayerRule`.

    Args:
        rule: Rule of the layer.
        function: The network's activation f.
        before: ``W h + b``, shape ``(batch, fan_out)``.
        carried: ``S h``, of the same shape; not read where the rule has no skip.
        before_gate: ``W_T h + b_T``, of the same shape; None without a gate.
    """
    branch = function(before) if rule.activated else before
    if rule.branch_gain != 1.0:
        branch = rule.branch_gain * branch
    if rule.skip is Skip.NONE:
        return branch
    if rule.skip_gain != 1.0:
        carried = rule.skip_gain * carried
    if before_gate is None:
        return branch + carried
    gate = torch.sigmoid(before_gate)
    return gate * branch + (1.0 - gate) * carried
