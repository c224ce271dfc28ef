"""The walk of the initial network, in nats and against its law."""

import math
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch

import rwinit
from tests.factories import varied
from tests.workers.examples import blobs, streams, trial
from workers import engines
from workers.contract import Activation, EngineName, InitialWalk, Precision, Scheme, TrialSpec
from workers.generators import probe_generator, weight_generators
from workers.training import run_trial
from workers.training.initial_walk import initial_walk


def predicted(**changes: Any) -> TrialSpec:  # leaves of any type
    """Return a trial with the law of its walk, as planning gives it."""
    spec = trial(**changes)
    law = rwinit.walk_law(
        spec.network.activation,
        spec.network.width,
        spec.network.depth,
        g=spec.init.g,
        weights="orthogonal" if spec.init.scheme is Scheme.ORTHOGONAL else "gaussian",
        slope=spec.network.slope,
        conditions=rwinit.Conditions(n_inputs=blobs().shape.n_inputs, g_in=spec.init.g_in),
    )
    return varied(spec, prediction=(float(law.drift), float(law.spread)))


def walk_of(spec: TrialSpec) -> InitialWalk:
    data = blobs()
    engine = engines.create(spec, data, "cpu", slots=1)
    engine.add(spec)
    return initial_walk(engine, spec, data.shape.n_inputs)


def z_of(spec: TrialSpec) -> float | None:
    return walk_of(spec).z_init


@pytest.mark.parametrize(
    "changes",
    [
        {"g": rwinit.gain("relu", 50), "depth": 50},
        {"g": 1.3, "depth": 10, "scheme": Scheme.ORTHOGONAL},
        {"g": 2.0, "depth": 10, "activation": Activation.LEAKY_RELU, "slope": 0.3},
        {"g": 1.3, "depth": 20, "activation": Activation.TANH},
        {"g": 1.6, "depth": 10, "activation": Activation.GELU, "g_in": 2.0},
        {"g": 1.5, "depth": 10, "activation": Activation.TANH, "scheme": Scheme.ORTHOGONAL},
    ],
    ids=["relu", "orthogonal", "leaky", "tanh", "gelu", "orthogonal tanh"],
)
def test_over_seeds_it_is_standard(changes: dict[str, object]) -> None:
    spec = {"width": 50, "engine": EngineName.REFERENCE} | changes

    first = predicted(**spec)
    scores = np.array([z_of(varied(first, seed=seed)) for seed in range(200)], dtype=float)

    assert abs(scores.mean()) < 4 / math.sqrt(len(scores))
    assert abs(scores.var(ddof=1) - 1) < 4 * math.sqrt(2 / len(scores))


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize("activation", [Activation.RELU, Activation.LINEAR])
def test_it_is_the_walk_of_the_trials_own_network(
    engine: EngineName, activation: Activation
) -> None:
    spec = predicted(depth=7, width=12, engine=engine, activation=activation, seed=5)
    network = rwinit.FeedForward(
        n_inputs=6, depth=7, width=12, n_outputs=12, activation=activation, dtype=torch.float32
    )
    network.reset_(g=spec.init.g, generators=weight_generators(5, streams(7)))
    network = network.double()
    with torch.no_grad():  # so that the error at the outputs is that at the last hidden layer
        network.weights[-1].copy_(torch.eye(12))
    x = torch.randn(1, 6, dtype=torch.float64, generator=probe_generator(5, "input"))
    error = torch.randn(1, 12, dtype=torch.float64, generator=probe_generator(5, "error"))

    expected = rwinit.compare_with_law(network, x, error, activation=activation, g=spec.init.g)

    assert z_of(spec) == pytest.approx(expected.z_scores[0], rel=1e-9)


@pytest.mark.parametrize("g", [0.5, 3.0])
def test_a_walk_beyond_the_range_of_float64_is_still_measured(g: float) -> None:
    spec = predicted(depth=3000, width=8, g=g, activation=Activation.LEAKY_RELU, slope=0.5)

    score = z_of(spec)

    assert score is not None
    assert abs(score) < 5


@pytest.mark.parametrize(
    "changes",
    [
        {"depth": 1},
        {"activation": Activation.LINEAR, "scheme": Scheme.ORTHOGONAL, "depth": 200},
        {"width": 1, "depth": 100},
    ],
    ids=["no step", "no spread", "dead"],
)
def test_where_there_is_nothing_to_measure_there_is_none(changes: dict[str, object]) -> None:
    assert z_of(predicted(**changes)) is None


def test_without_a_prediction_the_walk_is_measured_in_nats_alone() -> None:
    spec = predicted(depth=5)
    prediction = spec.configuration.prediction
    assert prediction is not None

    walk = walk_of(trial(depth=5))

    assert walk.z_init is None
    assert walk.walk_init is not None
    expected = (walk.walk_init - prediction.drift) / prediction.spread
    assert z_of(spec) == pytest.approx(expected, rel=1e-12)


def test_the_walk_of_a_kind_without_a_law_is_measured() -> None:
    walk = walk_of(trial(kind="residual", depth=5, engine=EngineName.REFERENCE))

    assert walk.walk_init is not None
    assert walk.walk_init != 0.0
    assert walk.z_init is None


def test_one_layer_makes_no_step_and_a_dead_network_has_no_walk() -> None:
    assert walk_of(trial(depth=1)).walk_init == 0.0
    assert walk_of(trial(width=1, depth=100)).walk_init is None


def test_a_trial_tells_it_before_its_first_epoch_also_where_that_diverges() -> None:
    spec = predicted(
        trial_id=UUID(int=3), depth=5, precision=Precision.FLOAT64, g_out=1e300, g_in=1e300
    )

    _, walk, *rest = run_trial(spec, blobs())

    assert isinstance(walk, InitialWalk)
    assert walk.trial_id == spec.trial_id
    assert walk.z_init is not None
    assert len(rest) == 1
