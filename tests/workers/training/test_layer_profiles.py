"""Layer profiles against hooks on the reference network, and what they leave alone."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
import torch
from torch.nn import functional

import rwinit
from rwinit.activations import activation_function
from tests.factories import varied
from tests.workers.examples import blobs, curve, end, kinds_of, records, trial, without_labels
from workers import engines
from workers.architectures import Layer, Skip, architecture_of
from workers.contract import (
    Activation,
    EngineName,
    LayerProfile,
    OptimizerKind,
    Outcome,
    Precision,
    Task,
    TrialSpec,
)
from workers.datasets import Data
from workers.engines import Engine, StepInput
from workers.training import run_pack, run_trial
from workers.training.layer_profiles import layer_profile


def trained(spec: TrialSpec, data: Data, *, steps: int = 3) -> Engine:
    """Return an engine with a trial after some steps, whose biases are not zero any more."""
    engine = engines.create(spec, data, "cpu", slots=1)
    engine.add(spec)
    for _ in range(steps):
        engine.step({spec.trial_id: StepInput(np.arange(spec.training.batch_size), 0.05)})
    return engine


GROUPS = ("first", "hidden", "last")


def reference(spec: TrialSpec, data: Data, engine: Engine) -> rwinit.Profile:
    """Return what hooks see of the same weights, data and loss."""
    arrays = engine.save(spec.trial_id).arrays
    network = rwinit.FeedForward(
        n_inputs=data.shape.n_inputs,
        depth=spec.network.depth,
        width=spec.network.width,
        n_outputs=data.shape.n_outputs(spec.task),
        activation=spec.network.activation,
        slope=spec.network.slope,
        dtype=torch.float64,
    )
    for part, parameters in (("weight", network.weights), ("bias", network.biases)):
        groups = [arrays.get(f"parameters.{name}.{part}", ()) for name in GROUPS]
        values = [value for group in groups for value in group]
        with torch.no_grad():
            for parameter, value in zip(parameters, values, strict=True):
                parameter.copy_(torch.tensor(value))
    x = torch.tensor(data.train_x[: spec.training.batch_size]).double()
    outputs = network(x).detach().requires_grad_()
    if spec.task is Task.AUTOENCODE:
        loss = functional.mse_loss(outputs, x)
    else:
        assert data.train_y is not None
        loss = functional.cross_entropy(
            outputs, torch.tensor(data.train_y[: spec.training.batch_size])
        )
    (error,) = torch.autograd.grad(loss, outputs)
    return rwinit.profile(network, x, error)


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("steps", [0, 3])
def test_it_is_what_hooks_see_in_the_same_network(
    engine: EngineName, activation: Activation, steps: int
) -> None:
    data = blobs()
    spec = trial(engine=engine, activation=activation, depth=6, optimizer=OptimizerKind.ADAM)
    holder = trained(spec, data, steps=steps)

    told = layer_profile(holder, spec, data, 4)

    seen = reference(spec, data, holder)
    assert (told.trial_id, told.epoch) == (spec.trial_id, 4)
    assert told.activation_log_norms == pytest.approx(mean(seen.log_activations[1:]), abs=1e-10)
    assert told.error_log_norms == pytest.approx(mean(seen.log_errors[1:]), abs=1e-10)
    assert told.gradient_log_norms == pytest.approx(seen.log_weight_gradients, abs=1e-10)
    norms = holder.probe(spec.trial_id)
    assert told.gradient_log_norms[0] == pytest.approx(norms.log_first, abs=1e-10)
    assert told.gradient_log_norms[-1] == pytest.approx(norms.log_last, abs=1e-10)


@pytest.mark.parametrize(
    ("engine", "kind"), [(engine, kind) for engine in EngineName for kind in kinds_of(engine)]
)
@pytest.mark.parametrize("activation", Activation)
@pytest.mark.parametrize("task", Task)
def test_it_is_what_autograd_sees_of_the_program_written_out(
    engine: EngineName, activation: Activation, task: Task, kind: str
) -> None:
    data = blobs()
    spec = trial(kind=kind, engine=engine, activation=activation, task=task, depth=6)
    holder = trained(spec, data)

    told = layer_profile(holder, spec, data, 0)

    hidden, weights = written_out(spec, data, holder)
    errors = [gradient_of(h).norm(dim=1).log().numpy() for h in hidden]
    outputs = [h.detach().norm(dim=1).log().numpy() for h in hidden]
    assert told.activation_log_norms == pytest.approx(mean(np.array(outputs)), abs=1e-10)
    assert told.error_log_norms == pytest.approx(mean(np.array(errors)), abs=1e-10)
    gradients = [gradient_of(weight).norm().log().item() for weight in weights]
    assert told.gradient_log_norms == pytest.approx(gradients, abs=1e-10)
    norms = holder.probe(spec.trial_id)
    assert told.gradient_log_norms[0] == pytest.approx(norms.log_first, abs=1e-10)
    assert told.gradient_log_norms[-1] == pytest.approx(norms.log_last, abs=1e-10)


def written_out(
    spec: TrialSpec, data: Data, engine: Engine
) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """Return the hidden layers and the matrices, with their gradients, of the trial's weights."""
    arrays = engine.save(spec.trial_id).arrays
    matrices = engine.parameters(spec.trial_id).weights
    batch = slice(spec.training.batch_size)
    h = torch.tensor(data.train_x[batch]).double()
    hidden, weights = [], []
    for layer in architecture_of(spec.network).layers(spec.network):
        weight, bias = (
            torch.tensor(arrays[f"parameters.{layer.group}.{part}"][layer.place]).double()
            for part in ("weight", "bias")
        )
        weights.append(weight.requires_grad_())
        branch = h @ weight.T + bias
        if layer.rule.activated:
            function = activation_function(spec.network.activation, spec.network.slope)
            branch = layer.rule.branch_gain * function(branch)
        if layer.gate_group is not None:
            matrix, shift = (
                torch.tensor(arrays[f"parameters.{layer.gate_group}.{part}"][layer.place]).double()
                for part in ("weight", "bias")
            )
            gate = torch.sigmoid(h @ matrix.T + shift)
            h = gate * branch + (1 - gate) * h
        else:
            h = branch + layer.rule.skip_gain * carried(layer, h, matrices)
        h.retain_grad()
        hidden.append(h)
    outputs = hidden.pop()
    if spec.task is Task.AUTOENCODE:
        loss = functional.mse_loss(outputs, torch.tensor(data.train_x[batch]).double())
    else:
        assert data.train_y is not None
        loss = functional.cross_entropy(outputs, torch.tensor(data.train_y[batch]))
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    return hidden, weights


def carried(
    layer: Layer, h: torch.Tensor, fixed: Mapping[str, Sequence[torch.Tensor]]
) -> torch.Tensor:
    """Return what a layer's skip adds of its input, before the gain."""
    if layer.rule.skip is Skip.NONE:
        return torch.zeros(())
    if layer.skip_group is None:
        return h
    matrix = fixed[layer.skip_group][layer.skip_place]
    if layer.rule.skip is Skip.PERMUTATION:
        return h @ torch.eye(len(matrix), dtype=torch.float64)[matrix].T
    return h @ matrix.double().T


def gradient_of(tensor: torch.Tensor) -> torch.Tensor:
    """Return the gradient that a backward pass left with a tensor."""
    assert tensor.grad is not None
    return tensor.grad


def mean(logs: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> list[float]:
    """Return the mean over the samples that have any norm, by layer."""
    return [row[np.isfinite(row)].mean() for row in logs]


@pytest.mark.parametrize("labelled", [True, False])
def test_autoencoders_have_profiles_too(labelled: bool) -> None:
    data = blobs() if labelled else without_labels(blobs())
    spec = trial(task=Task.AUTOENCODE, depth=4, g=2.0)
    holder = trained(spec, data)

    told = layer_profile(holder, spec, data, 0)

    seen = reference(spec, data, holder)
    assert told.error_log_norms == pytest.approx(mean(seen.log_errors[1:]), abs=1e-10)
    assert told.gradient_log_norms == pytest.approx(seen.log_weight_gradients, abs=1e-10)


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize("activation", [Activation.LEAKY_RELU, Activation.TANH])
def test_profiles_are_told_behind_their_epochs_and_change_no_bit_of_the_curve(
    engine: EngineName, activation: Activation
) -> None:
    data = blobs()
    plain = trial(engine=engine, activation=activation, epochs=3, momentum=0.9)
    spec = varied(plain, profile_epochs=(0, 2, 3))

    reports = [report for report in run_trial(spec, data) if report is not None]
    packed = [report for report in run_pack([spec], data) if report is not None]

    profiles = [report for report in reports if isinstance(report, LayerProfile)]
    assert [profile.epoch for profile in profiles] == [0, 2, 3]
    assert [r for r in packed if isinstance(r, LayerProfile)] == profiles
    for profile in profiles:
        before = reports[reports.index(profile) - 1]
        assert before in records(reports)
        assert before.epoch == profile.epoch
    assert curve(reports) == curve(packed) == curve(run_trial(plain, data))
    assert profiles[0] != profiles[1]


def test_vanishing_below_float64_is_measured_layer_by_layer() -> None:
    depth, width, g = 1000, 16, 0.5
    spec = trial(depth=depth, width=width, g=g, epochs=0, profile_epochs=(0,))

    reports = list(run_trial(spec, blobs()))

    (profile,) = [report for report in reports if isinstance(report, LayerProfile)]
    assert end(reports).outcome is Outcome.COMPLETED
    law = rwinit.walk_law("relu", width, np.arange(depth, 0, -1), g=g)
    last = profile.error_log_norms[-1]
    assert last is not None
    assert law.drift[0] < math.log(5e-324)
    for told, mean, spread in zip(profile.error_log_norms, law.drift, law.spread, strict=True):
        assert told is not None
        assert abs(told - last - mean) <= 4 * spread + 1e-9
    assert all(value is not None for value in profile.activation_log_norms)
    first = profile.gradient_log_norms[0]
    assert first is not None
    assert first < math.log(5e-324)


def test_growth_beyond_float32_and_dead_layers_are_told_as_they_are() -> None:
    growing = trial(depth=400, width=20, g=4.0, g_out=1e-300, precision=Precision.FLOAT64)
    dead = trial(depth=60, width=1)

    for spec in (growing, dead):
        data = blobs()
        profile = layer_profile(trained(spec, data, steps=0), spec, data, 0)
        values = [
            *profile.activation_log_norms,
            *profile.error_log_norms,
            *profile.gradient_log_norms,
        ]
        assert all(value is None or math.isfinite(value) for value in values)
        if spec is dead:
            assert profile.activation_log_norms[-1] is None
            assert profile.error_log_norms[0] is None
            assert profile.gradient_log_norms[:2] == (None, None)
        else:
            assert None not in values
