"""The survey of a sweep before it is submitted: what it would run and take."""

import math
from pathlib import Path

import pytest

import rwinit
from service.planner import plan, predict
from service.planner.forecasts import immediate_forecast, simulated_forecast
from service.planner.preview import survey
from tests.planner.shapes import SHAPES
from tests.spec.documents import SWEEP, minimal, network, read, training
from workers.architectures import ARCHITECTURES
from workers.estimates import TrialShape, pack_memory


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_trials_points_and_random_networks_are_counted() -> None:
    spec = read(
        minimal(
            network=network(depth=[2, 4], width=[8, 16]),
            training=training(lr=[0.1, 0.2]),
            seeds=3,
        )
    )

    found = survey(spec, SHAPES)

    assert (found.n_trials, found.n_points, len(found.walks)) == (24, 8, 4)
    assert found.trials_of == (6, 6, 6, 6)


def test_first_rows_are_the_first_planned_trials() -> None:
    spec = read(
        minimal(
            network=network(depth=[2, 4, 8], activation=["relu", "leaky_relu"]),
            init={"g": [{"relative": 0.9}, 1.5]},
            seeds=[5, 3],
        )
    )

    rows = survey(spec, SHAPES).rows

    planned = [(each, spec) for each in plan(SWEEP, spec, SHAPES) for spec in each.specs()]
    assert len(rows) == 10
    for row, (configuration, trial) in zip(rows, planned, strict=False):
        assert row.point.whole("network.depth") == trial.network.depth
        assert row.point.text("network.activation") == trial.network.activation
        assert (row.width, row.seed) == (trial.network.width, trial.seed)
        assert row.g_mode == configuration.written.g_mode
        assert row.effective_lr == trial.training.learning_rate


def test_the_g_of_a_forecast_is_the_g_that_is_planned() -> None:
    spec = read(
        minimal(
            network=network(activation=["relu", "tanh", "leaky_relu"], slope=0.3, width=64),
            init={"scheme": ["rwi", "orthogonal"], "g": [{"relative": 0.9}, "auto"], "g_in": 2},
        )
    )

    found = survey(spec, SHAPES)

    # Every configuration here has a walk of its own: activation x scheme x g.
    planned = [each.configuration.init.g for each in plan(SWEEP, spec, SHAPES)]
    predicted = [(immediate_forecast(each) or simulated_forecast(each)).g for each in found.walks]
    assert predicted == planned


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_law_of_a_forecast_is_the_prediction_that_is_planned(activation: str) -> None:
    spec = read(
        minimal(
            network=network(activation=activation, width=64),
            init={"g": [1.2, {"relative": 1.1}], "g_in": 2},
        )
    )

    found = [
        immediate_forecast(each) or simulated_forecast(each) for each in survey(spec, SHAPES).walks
    ]

    planned = predict(plan(SWEEP, spec, SHAPES), SHAPES)
    predictions = [each.configuration.prediction for each in planned]
    assert len(found) == 2
    assert [(each.drift, each.spread) for each in found] == [
        (each.drift, each.spread) for each in predictions if each is not None
    ]


@pytest.mark.parametrize(("activation", "n_walks"), [("relu", 1), ("tanh", 2)])
def test_data_sets_share_a_walk_where_it_depends_on_nothing_of_the_inputs(
    activation: str, n_walks: int
) -> None:
    spec = read(
        minimal(
            network=network(activation=activation),
            dataset={"name": ["digits", "mnist"]},
            init={"g": 1.5},
        )
    )

    walks = survey(spec, SHAPES).walks

    assert len(walks) == n_walks
    assert [each.label().endswith("784 inputs") for each in walks] == [False, True][:n_walks]


def test_a_walk_of_a_kind_without_a_law_is_asked_for_as_such(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(type(ARCHITECTURES["ffn"]), "walk", lambda *_, **__: None)
    spec = read(minimal(network=network(activation="tanh"), init={"g": 1.5}))

    (walk,) = survey(spec, SHAPES).walks

    assert (walk.has_law, walk.kind, walk.g) == (False, "ffn", 1.5)
    assert walk.label() == "ffn, tanh, width 10, depth 4, g 1.5"


def test_schemes_that_mean_the_same_matrices_share_a_walk() -> None:
    he = math.sqrt(2.0)
    spec = read(minimal(init=[{"scheme": "he"}, {"scheme": "rwi", "g": he}]))

    assert len(survey(spec, SHAPES).walks) == 1


def test_memory_and_arithmetic_are_those_of_the_formulas() -> None:
    adam = {"optimizer": {"kind": "adam"}, "batch_size": 10, "precision": "float64"}
    spec = read(minimal(network=network(depth=2, width=3), training=training(epochs=2, **adam)))

    (taken,) = survey(spec, SHAPES).resources

    weights = 64 * 3 + 3 * 3 + 3 * 10
    parameters = weights + 3 + 3 + 10
    assert taken.parameters == parameters
    memory = pack_memory([taken.shape], SHAPES["digits"], 1, recomputes=False)
    assert taken.memory_bytes == memory.total
    assert taken.shape == TrialShape.of(plan(SWEEP, spec, SHAPES)[0].configuration)
    steps = (6 * weights - 2 * 64 * 3) * 1437 * 2
    assert taken.flops == steps + 2 * weights * 3 * (1437 + 360)
