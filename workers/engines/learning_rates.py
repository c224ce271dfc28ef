"""Learning rate of each group of parameters, relative to the rate of the step."""

from workers.architectures import ParameterGroup
from workers.contract import Freeze, TrialSpec


def is_frozen(spec: TrialSpec, group: ParameterGroup) -> bool:
    """Return whether a trial does not train a group of parameters."""
    return spec.training.freeze is Freeze.BODY and not group.is_readout


def rate_factor(spec: TrialSpec, group: ParameterGroup) -> float:
    """Return the factor of a group's learning rate; frozen groups are not updated at any rate."""
    return spec.training.branch_lr_factor if group.carries_branch_gain else 1.0
