"""Gains of layers with a skip, which may differ between the trials of a pack."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from torch import Tensor

from workers.architectures import LayerRule
from workers.engines.packed.host_device import HostDeviceTensor


class Gains(NamedTuple):
    """Gains of a layer in some trials: ``h' = skip * h + branch * f(W h + b)``.

    Attributes:
        skip: Gains of the skip, ``(trials, 1, 1)``.
        branch: Gains of the branch, ``(trials, 1, 1)``.
    """

    skip: Tensor
    branch: Tensor


class GainColumns:
    """Gains of the hidden layers by slot."""

    def __init__(self, columns: Mapping[str, Tensor]) -> None:
        """Use tensors of shape ``(slots, 1, 1)``, named ``skip``, ``branch`` and ``one``."""
        self._skip = HostDeviceTensor(columns["skip"])
        self._branch = HostDeviceTensor(columns["branch"])
        self._one = columns["one"].fill_(1.0)

    def write(self, rules: Sequence[LayerRule]) -> None:
        """Write the gains of the trials in the first slots.

        Args:
            rules: Rule of the hidden layers except the first one, by slot.
        """
        for slot, rule in enumerate(rules):
            self._skip.array[slot] = rule.skip_gain
            self._branch.array[slot] = rule.branch_gain
        self._skip.send()
        self._branch.send()

    def of_skip_layers(self, slots: slice) -> Gains:
        """Return the gains of the hidden layers that have a skip."""
        return Gains(self._skip.tensor[slots], self._branch.tensor[slots])

    def of_first_layers(self, slots: slice) -> Gains:
        """Return the gains for the backward pass into first layers, whose branch has no gain."""
        return Gains(self._skip.tensor[slots], self._one[slots])
