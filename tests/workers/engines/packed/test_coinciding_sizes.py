"""Layers of equal shape, where width, inputs and outputs coincide, keep their gradients apart."""

from uuid import UUID

import pytest

from tests.workers.examples import blobs, trial
from workers.contract import EngineName, EpochRecord, OptimizerKind, Task, TrialSpec
from workers.datasets import Data
from workers.training import run_pack


def _curves(specs: list[TrialSpec], data: Data, slots: int) -> dict[UUID, list[float]]:
    curves: dict[UUID, list[float]] = {spec.trial_id: [] for spec in specs}
    for report in run_pack(specs, data, slots=slots):
        if isinstance(report, EpochRecord):
            curves[report.trial_id].append(report.train_loss)
    return curves


# 300 is so wide that a block of hidden layers is a single one, as the first and last always are.
@pytest.mark.parametrize("width", [16, 64, 300])
@pytest.mark.parametrize("optimizer", OptimizerKind)
@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("clip_norm", [None, 0.1])
def test_a_width_equal_to_the_inputs_changes_no_curve(
    width: int, optimizer: OptimizerKind, task: Task, clip_norm: float | None
) -> None:
    data = blobs(n_inputs=width, n_classes=width if width == 16 else 3)
    specs = [
        trial(
            trial_id=UUID(int=i),
            seed=i,
            width=width,
            depth=depth,
            epochs=2,
            batch_size=19,
            task=task,
            optimizer=optimizer,
            clip_norm=clip_norm,
            learning_rate=0.01,
            engine=EngineName.PACKED,
        )
        for i, depth in enumerate((5, 2, 1, 3))
    ]

    packed = _curves(specs, data, slots=4)

    alone = {key: curve for spec in specs for key, curve in _curves([spec], data, 1).items()}
    assert packed == alone
    assert all(len(curve) == 3 for curve in packed.values())
