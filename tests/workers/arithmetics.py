"""The two ways in which a packed engine computes on a CPU."""

import pytest
from torch import Tensor

from workers.engines.packed import workspace as machine
from workers.engines.packed.nonlinearities import BatchedNonlinearity
from workers.engines.packed.torch_arithmetic import TorchArithmetic


def compute_by_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let packed engines compute as they do on a GPU, or where there is no LLVM."""

    def by_torch(
        nonlinearity: BatchedNonlinearity, _width: int, _n_inputs: int, _like: Tensor
    ) -> TorchArithmetic:
        return TorchArithmetic(nonlinearity)

    monkeypatch.setattr(machine, "arithmetic_for", by_torch)
