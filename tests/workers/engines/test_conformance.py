"""What every engine must do; each test runs with each of them."""

import math
from dataclasses import replace
from itertools import product
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch

from rwinit import FeedForward
from tests.factories import varied
from tests.workers.engines.naive import Array, NaiveNetwork, one_hot
from tests.workers.examples import blobs, is_run, streams, trial, without_labels
from workers import engines
from workers.architectures import UnknownKindError
from workers.architectures.highway import HighwayNetwork
from workers.contract import (
    HOMOGENEOUS,
    Activation,
    EngineName,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
    TrialSpec,
)
from workers.datasets import Data
from workers.engines import (
    DeviceUnavailableError,
    Engine,
    StateMismatchError,
    StepInput,
    UnsupportedTrialError,
)
from workers.generators import weight_generators

SGD = {"momentum": 0.9, "nesterov": True, "weight_decay": 0.01, "clip_norm": 0.6}
ADAM = {"optimizer": OptimizerKind.ADAM, "weight_decay": 0.01, "eps": 1e-9, "beta1": 0.8}


pytestmark = pytest.mark.usefixtures("each_engine")
every_kind = pytest.mark.usefixtures("each_kind")


def _engine(spec: TrialSpec, data: Data) -> Engine:
    engine = engines.create(spec, data, "cpu", slots=2)
    engine.add(spec)
    return engine


def _naive(spec: TrialSpec, data: Data) -> NaiveNetwork:
    network = FeedForward(
        data.shape.n_inputs,
        spec.network.depth,
        spec.network.width,
        data.shape.n_outputs(spec.task),
        dtype=torch.float64,
    )
    network.reset_(
        scheme=spec.init.scheme,
        g=spec.init.g,
        g_in=spec.init.g_in,
        g_out=spec.init.g_out,
        generators=weight_generators(spec.seed, streams(spec.network.depth)),
    )
    weights = [weight.detach().numpy().copy() for weight in network.weights]
    biases = [bias.detach().numpy().copy() for bias in network.biases]
    return NaiveNetwork(spec, weights, biases, _gates(spec))


def _gates(spec: TrialSpec) -> list[Array]:
    """Return the matrices and then the biases of a network's gates."""
    network = spec.network
    if not isinstance(network, HighwayNetwork):
        return []
    sources = weight_generators(spec.seed, [f"gate {d}" for d in range(1, network.depth)])
    size = network.width, network.width
    draws = [torch.randn(size, generator=each, dtype=torch.float64).numpy() for each in sources]
    matrices = [draw / math.sqrt(network.width) for draw in draws]
    return [*matrices, *[np.full(network.width, network.gate_bias) for _ in matrices]]


def _split(data: Data, task: Task, part: str) -> tuple[Array, Array]:
    x = getattr(data, f"{part}_x").astype(np.float64)
    if task is Task.AUTOENCODE:
        return x, x
    return x, one_hot(getattr(data, f"{part}_y"), data.shape.n_classes)


@every_kind
@pytest.mark.parametrize("task", Task)
@pytest.mark.parametrize("activation", [Activation.RELU, Activation.LEAKY_RELU, Activation.TANH])
@pytest.mark.parametrize("rule", [{}, SGD, ADAM], ids=["plain", "sgd", "adam"])
def test_ten_steps_agree_with_backpropagation_written_out(
    task: Task, activation: Activation, rule: dict[str, Any]
) -> None:
    data = blobs()
    spec = trial(task=task, activation=activation, slope=0.3, precision=Precision.FLOAT64, **rule)
    engine, naive = _engine(spec, data), _naive(spec, data)
    x, targets = _split(data, task, "train")
    rng = np.random.default_rng(1)

    for step in range(10):
        indices = rng.permutation(len(x))[: 10 if step < 9 else 3]
        rate = 0.05 / (1 + step)
        given = {spec.trial_id: StepInput(indices, rate)}
        loss = engine.step(given)[spec.trial_id]
        assert loss == pytest.approx(naive.step(x[indices], targets[indices], rate), rel=1e-10)

    measured = engine.evaluate(spec.trial_id)
    assert measured.train.loss == pytest.approx(naive.loss(x, targets), rel=1e-10)
    assert measured.eval.loss == pytest.approx(naive.loss(*_split(data, task, "eval")), rel=1e-10)
    if spec.optimizer.clip_norm is not None:
        assert any(naive.clipped), "the bound should bind"


@every_kind
@pytest.mark.parametrize("task", Task)
def test_gradient_norms_agree_with_backpropagation_written_out(task: Task) -> None:
    data = blobs()
    spec = trial(task=task, precision=Precision.FLOAT64)
    x, targets = _split(data, task, "train")
    gradients = _naive(spec, data).gradients(x[:10], targets[:10])

    norms = _engine(spec, data).probe(spec.trial_id)

    first, last = (float(np.linalg.norm(gradients[d])) for d in (0, spec.network.depth))
    assert norms.log_first == pytest.approx(math.log(first), rel=1e-10)
    assert norms.log_last == pytest.approx(math.log(last), rel=1e-10)


def test_gradient_norms_do_not_depend_on_how_far_float32_reaches() -> None:
    # Both ends of this walk, e^+-150, lie outside of float32.
    data = blobs()
    for g in (1e-3, 1e4):
        spec = trial(activation=Activation.LINEAR, depth=21, width=8, g=g)
        unit = varied(spec, g=1.0)
        # At g_out = 0 the error that enters does not depend on g, and the outputs stay small.
        last = _engine(varied(spec, g_out=0.0), data).probe(spec.trial_id).log_last
        unit_last = _engine(varied(unit, g_out=0.0), data).probe(spec.trial_id).log_last
        assert last is not None
        assert unit_last is not None
        assert last - unit_last == pytest.approx(20 * math.log(g), rel=1e-6)


def test_a_gradient_of_zero_has_no_logarithm() -> None:
    spec = trial(g=0.0)

    norms = _engine(spec, blobs()).probe(spec.trial_id)

    assert norms.log_first is None
    assert norms.log_last is None


@every_kind
def test_error_is_the_fraction_of_samples_whose_largest_output_is_elsewhere() -> None:
    data = blobs()
    spec = trial(precision=Precision.FLOAT64)
    x, targets = _split(data, Task.CLASSIFY, "train")
    outputs = _naive(spec, data).forward(x)[1][-1]
    wrong = np.mean(outputs.argmax(axis=1) != targets.argmax(axis=1))

    measured = _engine(spec, data).evaluate(spec.trial_id)

    assert measured.train.error == wrong
    assert 0 < wrong < 1


@every_kind
def test_a_full_pass_over_several_chunks_is_the_mean_over_all_samples() -> None:
    data = blobs(n_train=2345)
    spec = trial(precision=Precision.FLOAT64)

    measured = _engine(spec, data).evaluate(spec.trial_id)

    expected = _naive(spec, data).loss(*_split(data, Task.CLASSIFY, "train"))
    assert measured.train.loss == pytest.approx(expected, rel=1e-12)


def test_a_full_pass_sums_squares_that_float32_cannot_hold() -> None:
    spec = trial(task=Task.AUTOENCODE, g_out=1e25)
    exact = varied(spec, precision=Precision.FLOAT64)

    measured, expected = (
        _engine(each, blobs()).evaluate(spec.trial_id).train.loss for each in (spec, exact)
    )

    assert measured > 1e45
    assert measured == pytest.approx(expected, rel=1e-5)


@every_kind
def test_a_loss_that_is_not_finite_updates_nothing() -> None:
    data = blobs()
    poisoned = data.train_x.copy()
    poisoned[0] = np.inf
    spec = trial()
    engine = _engine(spec, replace(data, train_x=poisoned))
    before = engine.evaluate(spec.trial_id).eval

    indices = np.arange(5)
    loss = engine.step({spec.trial_id: StepInput(indices, 0.1)})[spec.trial_id]

    assert not math.isfinite(loss)
    assert engine.evaluate(spec.trial_id).eval == before
    engine.step({spec.trial_id: StepInput(indices + 1, 0.1)})
    assert engine.evaluate(spec.trial_id).eval != before


@every_kind
def test_trials_that_share_an_engine_do_not_touch() -> None:
    data = blobs()
    one, two = trial(), trial(trial_id=UUID(int=2), depth=5, momentum=0.5)
    together = _engine(one, data)
    together.add(two)
    given = StepInput(np.arange(10), 0.05)

    for step in range(6):
        together.step(
            {one.trial_id: given, two.trial_id: given} if step % 2 else {two.trial_id: given}
        )
    both = together.evaluate(one.trial_id), together.evaluate(two.trial_id)

    for spec, steps, found in ((one, 3, both[0]), (two, 6, both[1])):
        alone = _engine(spec, data)
        for _ in range(steps):
            alone.step({spec.trial_id: given})
        assert alone.evaluate(spec.trial_id) == found


@every_kind
def test_a_dropped_trial_can_be_added_anew() -> None:
    spec, data = trial(), blobs()
    engine = _engine(spec, data)
    before = engine.evaluate(spec.trial_id)
    engine.step({spec.trial_id: StepInput(np.arange(10), 0.05)})

    engine.drop(spec.trial_id)
    engine.drop(spec.trial_id)
    with pytest.raises(KeyError):
        engine.evaluate(spec.trial_id)
    engine.add(spec)

    assert engine.evaluate(spec.trial_id) == before


@every_kind
@pytest.mark.parametrize(
    ("scheme", "activation"),
    [
        (scheme, activation)
        for scheme, activation in product(Scheme, Activation)
        if scheme is not Scheme.LYAPUNOV_SAMPLED or activation in HOMOGENEOUS
    ],
)
def test_every_scheme_and_activation_starts_with_a_finite_loss(
    scheme: Scheme, activation: Activation
) -> None:
    spec = trial(scheme=scheme, activation=activation, g=1.0)

    measured = _engine(spec, blobs()).evaluate(spec.trial_id)

    assert math.isfinite(measured.train.loss)


def test_a_larger_g_scales_the_same_draws() -> None:
    # Positively homogeneous and without biases: the outputs scale by 2 per hidden matrix.
    data = blobs()
    spec = trial(task=Task.AUTOENCODE, precision=Precision.FLOAT64, g_out=1e6)

    small = _engine(spec, data).evaluate(spec.trial_id).train.loss
    large = _engine(varied(spec, g=2 * spec.init.g), data).evaluate(spec.trial_id).train.loss

    # The targets are a millionth of the outputs, so the loss is the outputs' square.
    assert large / small == pytest.approx(2 ** (2 * (spec.network.depth - 1)), rel=1e-4)


def test_a_trial_on_another_data_set_is_refused() -> None:
    with pytest.raises(UnsupportedTrialError) as caught:
        _engine(trial(dataset="mnist"), blobs())

    assert caught.value.field == "dataset.name"


def test_a_network_of_no_known_kind_is_refused() -> None:
    with pytest.raises(UnknownKindError, match="transformer"):
        _engine(varied(trial(), kind="transformer"), blobs())


def test_classes_cannot_be_learned_without_labels() -> None:
    with pytest.raises(UnsupportedTrialError, match="has no labels"):
        _engine(trial(), without_labels(blobs()))


@pytest.mark.parametrize("device", ["cuda:99", "meta", "no such", "cpu or so"])
def test_a_device_that_is_not_here_is_refused(device: str) -> None:
    with pytest.raises(DeviceUnavailableError, match="no device"):
        engines.create(trial(), blobs(), device)


@every_kind
@pytest.mark.parametrize("rule", [{}, SGD, ADAM], ids=["plain", "sgd", "adam"])
@pytest.mark.parametrize("other", EngineName)
@pytest.mark.parametrize("depth", [1, 3])
def test_a_saved_trial_goes_on_in_any_engine(
    depth: int, other: EngineName, rule: dict[str, Any]
) -> None:
    data = blobs()
    spec = trial(depth=depth, precision=Precision.FLOAT64, **rule)
    if not is_run(varied(spec, engine=other)):
        pytest.skip("the other engine does not run the kind")
    undisturbed = _engine(spec, data)
    given = {spec.trial_id: StepInput(np.arange(10), 0.05)}
    for _ in range(3):
        undisturbed.step(given)
    state = undisturbed.save(spec.trial_id)

    resumed = engines.create(varied(spec, engine=other), data, "cpu")
    resumed.restore(spec, state)

    for _ in range(3):
        losses = [engine.step(given)[spec.trial_id] for engine in (undisturbed, resumed)]
        assert losses[1] == pytest.approx(losses[0], rel=1e-12)
    assert resumed.save(spec.trial_id).steps == 6
    if other is spec.engine:
        assert resumed.evaluate(spec.trial_id) == undisturbed.evaluate(spec.trial_id)


@every_kind
def test_a_state_is_a_copy() -> None:
    data, spec = blobs(), trial(momentum=0.5)
    engine = _engine(spec, data)
    state = engine.save(spec.trial_id)
    before = {name: array.copy() for name, array in state.arrays.items()}

    engine.step({spec.trial_id: StepInput(np.arange(10), 0.05)})

    assert {"parameters.hidden.weight", "momentum.last.bias"} <= before.keys()
    for name, array in state.arrays.items():
        assert np.array_equal(array, before[name])


@every_kind
@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"depth": 4}, "parameters.hidden.bias"),
        ({"depth": 1}, "parameters.hidden.bias"),
        ({"momentum": 0.5}, "momentum.first.bias"),
        ({"precision": Precision.FLOAT64}, "parameters.first.bias"),
    ],
)
def test_a_state_of_another_trial_is_refused(changes: dict[str, Any], name: str) -> None:
    data, spec = blobs(), trial()
    state = _engine(spec, data).save(spec.trial_id)
    engine = engines.create(spec, data, "cpu")

    with pytest.raises(StateMismatchError) as caught:
        engine.restore(varied(spec, **changes), state)

    # The first in alphabetical order: of a kind with gates it is one of theirs.
    assert caught.value.name in {name, name.replace("hidden", "gate")}


def test_an_engine_without_trials_knows_none() -> None:
    engine = engines.create(trial(), blobs(), "cpu")

    assert engine.step({}) == {}
    engine.drop(UUID(int=1))
    with pytest.raises(KeyError):
        engine.evaluate(UUID(int=1))


def test_a_trial_added_twice_begins_anew() -> None:
    spec, data = trial(), blobs()
    engine = _engine(spec, data)
    before = engine.evaluate(spec.trial_id)
    engine.step({spec.trial_id: StepInput(np.arange(10), 0.05)})

    engine.add(spec)

    assert engine.evaluate(spec.trial_id) == before
    engine.drop(spec.trial_id)
    with pytest.raises(KeyError):
        engine.evaluate(spec.trial_id)


def test_a_rate_beyond_float32_ends_in_a_loss_that_is_not_finite() -> None:
    spec = trial()
    engine = _engine(spec, blobs())
    given = {spec.trial_id: StepInput(np.arange(10), 1e300)}

    assert math.isfinite(engine.step(given)[spec.trial_id])

    assert not math.isfinite(engine.step(given)[spec.trial_id])
