"""Formula of a layer in torch, for code that computes one layer after another."""

from collections.abc import Callable

from torch import Tensor

from workers.architectures import LayerRule, Skip

Function = Callable[[Tensor], Tensor]


def layer_output(rule: LayerRule, function: Function, before: Tensor, carried: Tensor) -> Tensor:
    """Return ``skip_gain * S h + branch_gain * f(W h + b)``.

    Args:
        rule: Rule of the layer.
        function: The network's activation f.
        before: ``W h + b``, shape ``(batch, fan_out)``.
        carried: ``S h``, of the same shape; not read where the rule has no skip.
    """
    branch = function(before) if rule.activated else before
    if rule.branch_gain != 1.0:
        branch = rule.branch_gain * branch
    if rule.skip is Skip.NONE:
        return branch
    return branch + (carried if rule.skip_gain == 1.0 else rule.skip_gain * carried)
