"""The packed engine against autograd, in float64, for everything that it declares."""

from dataclasses import replace
from itertools import product
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch

from tests.workers.examples import blobs, of_kind, trial
from workers import engines
from workers.architectures import LayerRule
from workers.architectures.residual import ResidualArchitecture
from workers.contract import (
    Activation,
    EngineName,
    Network,
    OptimizerKind,
    Precision,
    Task,
    TrialSpec,
)
from workers.engines import Engine, StepInput, TrainingState
from workers.engines.packed import PackedEngine

DATA = blobs(n_inputs=7, n_classes=4)
MOMENTA: dict[OptimizerKind, list[dict[str, Any]]] = {
    OptimizerKind.SGD: [{}, {"momentum": 0.9}, {"momentum": 0.8, "nesterov": True}],
    OptimizerKind.ADAM: [{"beta1": 0.8, "beta2": 0.9, "eps": 1e-6}],
}
GRADIENT_BOUND = 0.2  # Low enough to bind, which is checked.


def _specs(kind: OptimizerKind, **shared: Any) -> list[TrialSpec]:
    """Return one trial for every combination of what may differ within a pack."""
    combinations = product(MOMENTA[kind], [0.0, 0.03], [None, GRADIENT_BOUND])
    return [
        trial(
            trial_id=UUID(int=i),
            seed=i,
            depth=(3, 1, 5, 2)[i % 4],
            optimizer=kind,
            weight_decay=decay,
            clip_norm=clip,
            precision=Precision.FLOAT64,
            g=1.1,
            **momentum,
            **shared,
        )
        for i, (momentum, decay, clip) in enumerate(combinations)
    ]


def _autograd(specs: list[TrialSpec]) -> Engine:
    engine = engines.create(specs[0], DATA, "cpu")
    assert specs[0].engine is EngineName.REFERENCE
    for spec in specs:
        engine.add(spec)
    return engine


def _packed(specs: list[TrialSpec]) -> PackedEngine:
    engine = PackedEngine(DATA, torch.device("cpu"), slots=len(specs))
    for spec in specs:
        engine.add(spec)
    return engine


def _inputs(specs: list[TrialSpec], step: int) -> dict[UUID, StepInput]:
    """Return other samples and another rate for each trial; the last batch is a smaller one."""
    inputs = {}
    for spec in specs:
        rng = np.random.default_rng([spec.seed, step])
        order = rng.permutation(DATA.shape.n_train)
        inputs[spec.trial_id] = StepInput(order[: 10 if step % 4 else 3], 0.05 / (1 + step))
    return inputs


def _agree(found: TrainingState, expected: TrainingState) -> None:
    assert found.steps == expected.steps
    assert found.arrays.keys() == expected.arrays.keys()
    for name, array in expected.arrays.items():
        error = np.abs(found.arrays[name] - array).max()
        assert error <= 1e-10 * np.abs(array).max(), name


COMBINATIONS = [
    pytest.param(activation, slope, task, kind, id=f"{activation}{slope:g}-{task}-{kind}")
    for activation, slope in [
        *((activation, 0.3) for activation in Activation),
        (Activation.LEAKY_RELU, -0.2),
        (Activation.LEAKY_RELU, 0.0),
    ]
    for task in Task
    for kind in OptimizerKind
]


@pytest.mark.usefixtures("each_kind")
@pytest.mark.parametrize(("activation", "slope", "task", "kind"), COMBINATIONS)
def test_ten_steps_of_a_pack_agree_with_autograd(
    activation: Activation, slope: float, task: Task, kind: OptimizerKind
) -> None:
    specs = _specs(kind, activation=activation, slope=slope, task=task)
    packed, autograd = _packed(specs), _autograd(specs)

    for step in range(10):
        losses = packed.step(_inputs(specs, step))
        expected = autograd.step(_inputs(specs, step))
        assert losses == pytest.approx(expected, rel=1e-10)

    for spec in specs:
        _agree(packed.save(spec.trial_id), autograd.save(spec.trial_id))
        measured, wanted = (engine.evaluate(spec.trial_id) for engine in (packed, autograd))
        assert measured.train.loss == pytest.approx(wanted.train.loss, rel=1e-10)
        assert measured.eval.loss == pytest.approx(wanted.eval.loss, rel=1e-10)
        assert (measured.train.error, measured.eval.error) == (
            wanted.train.error,
            wanted.eval.error,
        )
        norms, right = (engine.probe(spec.trial_id) for engine in (packed, autograd))
        assert norms.log_first == pytest.approx(right.log_first, rel=1e-10, abs=1e-10)
        assert norms.log_last == pytest.approx(right.log_last, rel=1e-10, abs=1e-10)


@pytest.mark.usefixtures("each_kind")
@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("activation", Activation)
def test_a_gradient_agrees_with_autograd(activation: Activation, task: Task) -> None:
    # After one step the momentum is the gradient itself.
    specs = [
        trial(
            trial_id=UUID(int=depth),
            depth=depth,
            activation=activation,
            task=task,
            momentum=0.5,
            precision=Precision.FLOAT64,
            g=1.1,
        )
        for depth in (1, 2, 6)
    ]
    packed, autograd = _packed(specs), _autograd(specs)

    for engine in (packed, autograd):
        engine.step(_inputs(specs, 1))

    for spec in specs:
        _agree(packed.save(spec.trial_id), autograd.save(spec.trial_id))


@pytest.mark.parametrize("activation", [Activation.RELU, Activation.TANH, Activation.ERF])
def test_skips_with_gains_of_their_own_agree_with_autograd(
    activation: Activation, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_sum = ResidualArchitecture.hidden_rule

    def fading(self: ResidualArchitecture, network: Network) -> LayerRule:
        return replace(plain_sum(self, network), skip_gain=1.0 - 0.1 * network.depth)

    monkeypatch.setattr(ResidualArchitecture, "hidden_rule", fading)
    specs = [
        of_kind(spec, "residual") for spec in _specs(OptimizerKind.ADAM, activation=activation)
    ]
    packed, autograd = _packed(specs), _autograd(specs)

    for step in range(4):
        losses = packed.step(_inputs(specs, step))
        assert losses == pytest.approx(autograd.step(_inputs(specs, step)), rel=1e-10)

    for spec in specs:
        _agree(packed.save(spec.trial_id), autograd.save(spec.trial_id))
        norms, right = (engine.probe(spec.trial_id) for engine in (packed, autograd))
        assert norms.log_first == pytest.approx(right.log_first, rel=1e-10, abs=1e-10)


def test_the_bound_of_the_norm_binds() -> None:
    specs = _specs(OptimizerKind.SGD)
    engine = _packed(specs)
    before = {spec.trial_id: engine.save(spec.trial_id) for spec in specs}

    engine.step(_inputs(specs, 1))

    for spec in specs[:2]:  # plain SGD without decay: unbounded, then bounded
        after = engine.save(spec.trial_id).arrays
        squares = [
            np.sum((after[name] - array) ** 2)
            for name, array in before[spec.trial_id].arrays.items()
        ]
        norm = np.sqrt(sum(squares)) / _inputs(specs, 1)[spec.trial_id].learning_rate
        if spec.optimizer.clip_norm is None:
            assert norm > 2 * GRADIENT_BOUND
        else:
            assert norm == pytest.approx(GRADIENT_BOUND, rel=1e-9)
