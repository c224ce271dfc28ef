"""Label smoothing: targets that spread a share evenly over all classes."""

from collections.abc import Iterator
from uuid import UUID

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.workers.engines.naive import Array, NaiveNetwork, one_hot
from tests.workers.examples import blobs, curve, trial
from workers import engines
from workers.contract import (
    Activation,
    EngineName,
    EpochRecord,
    Loss,
    OptimizerKind,
    Precision,
    Task,
    TrialSpec,
)
from workers.engines import StepInput
from workers.engines.objective import batch_loss
from workers.estimates.pack_shape import PackShape
from workers.training import run_pack, run_trial

SHARE = 0.2
ENGINES = pytest.mark.parametrize("engine", EngineName)


def _smoothed(labels: NDArray[np.int64]) -> Array:
    return (1.0 - SHARE) * one_hot(labels, 3) + SHARE / 3


def _naive(spec: TrialSpec) -> NaiveNetwork:
    state = engines.create(spec, blobs(), "cpu")
    state.add(spec)
    arrays = state.save(spec.trial_id).arrays
    groups = ("first", "hidden", "last")
    weights, biases = (
        [value for group in groups for value in arrays[f"parameters.{group}.{part}"]]
        for part in ("weight", "bias")
    )
    return NaiveNetwork(spec, weights, biases)


@ENGINES
@pytest.mark.parametrize("optimizer", OptimizerKind)
def test_ten_steps_agree_with_backpropagation_of_smoothed_targets(
    engine: EngineName, optimizer: OptimizerKind
) -> None:
    data = blobs()
    spec = trial(
        engine=engine, optimizer=optimizer, label_smoothing=SHARE, precision=Precision.FLOAT64
    )
    held, naive = engines.create(spec, data, "cpu"), _naive(spec)
    held.add(spec)
    assert data.train_y is not None
    x, targets = data.train_x.astype(np.float64), _smoothed(data.train_y)

    for step in range(10):
        indices = np.random.default_rng(step).permutation(len(x))[: 10 if step < 9 else 3]
        loss = held.step({spec.trial_id: StepInput(indices, 0.05)})[spec.trial_id]
        assert loss == pytest.approx(naive.step(x[indices], targets[indices], 0.05), rel=1e-10)


@ENGINES
def test_full_passes_measure_the_loss_without_smoothing(engine: EngineName) -> None:
    data = blobs()
    plain = trial(engine=engine, precision=Precision.FLOAT64)
    smoothed = trial(engine=engine, precision=Precision.FLOAT64, label_smoothing=SHARE)

    first, other = (next(_records(spec)) for spec in (plain, smoothed))

    assert first.train_loss == other.train_loss
    assert first.eval_loss == other.eval_loss
    assert data.train_y is not None
    x, targets = data.train_x.astype(np.float64), _smoothed(data.train_y)
    gradients = _naive(smoothed).gradients(x[:10], targets[:10])
    # The gradient whose norm is recorded is that of the loss that steps descend.
    assert other.log_grad_norm_first == pytest.approx(
        float(np.log(np.linalg.norm(gradients[0]))), rel=1e-10
    )
    assert first.log_grad_norm_first != other.log_grad_norm_first


@pytest.mark.parametrize("activation", [Activation.RELU, Activation.GELU])
def test_a_smoothed_trial_of_a_mixed_pack_is_the_trial_alone(activation: Activation) -> None:
    specs = [
        trial(
            trial_id=UUID(int=i),
            seed=i,
            depth=depth,
            activation=activation,
            engine=EngineName.PACKED,
            label_smoothing=SHARE,
            learning_rate=0.05 * (1 + i),
        )
        for i, depth in enumerate((4, 1, 6, 2, 4))
    ]

    together = list(run_pack(specs, blobs(), slots=5))

    for spec in specs:
        own = [r for r in curve(together) if r.trial_id == spec.trial_id]
        assert own == curve(run_trial(spec, blobs()))


def test_trials_of_another_smoothing_never_share_a_pack() -> None:
    shape = blobs().shape

    shapes = {PackShape.of(trial(label_smoothing=share), shape) for share in (0.0, 0.1, 0.2)}

    assert len(shapes) == 3


def test_autoencoders_have_no_labels_to_smooth() -> None:
    spec = trial(task=Task.AUTOENCODE, label_smoothing=SHARE)

    assert spec.loss.label_smoothing == 0.0


@pytest.mark.parametrize("share", [0.0, SHARE])
def test_the_loss_is_that_of_torch(share: float) -> None:
    outputs = torch.randn(7, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(7) % 3
    targets = (1 - share) * torch.nn.functional.one_hot(labels, 3) + share / 3

    found = batch_loss(Loss(task=Task.CLASSIFY, label_smoothing=share), outputs, labels)

    torch.testing.assert_close(found, -(targets * outputs.log_softmax(1)).sum(1).mean())


def _records(spec: TrialSpec) -> Iterator[EpochRecord]:
    return (item for item in run_trial(spec, blobs()) if isinstance(item, EpochRecord))
