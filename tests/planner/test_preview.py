"""The pure part of a preview: what a sweep takes, its predicted walks, and warnings in words."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from service.planner.configurations import Configuration

import rwinit
from service.enums import WarningKind
from service.planner import forecasts, plan
from service.planner.forecasts import MOST_UNITS, Forecast, at_once, awaited, recalled, simulated
from service.planner.preview import survey
from service.planner.warnings import PlanWarning, warnings_of
from tests.planner.shapes import SHAPES
from tests.spec.documents import SWEEP, minimal, network, read, training
from workers.estimates import TrialShape, pack_memory

RELU = Configuration(
    weights="gaussian", activation="relu", slope=0.01, width=100, depth=32, relative=1.0, g=None
)
TANH = replace(RELU, activation="tanh", width=64, depth=4)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def warnings(*configurations: Configuration) -> dict[WarningKind, PlanWarning]:
    found = [at_once(each) or simulated(each) for each in configurations]
    return {warning.kind: warning for warning in warnings_of(configurations, found)}


def test_trials_points_and_configurations_are_counted() -> None:
    spec = read(
        minimal(
            network=network(depth=[2, 4], width=[8, 16]),
            training=training(lr=[0.1, 0.2]),
            seeds=3,
        )
    )

    found = survey(spec, SHAPES)

    assert (found.n_trials, found.n_points, len(found.configurations)) == (24, 8, 4)
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

    planned = plan(SWEEP, spec, SHAPES)
    assert len(rows) == 10
    for row, trial in zip(rows, planned, strict=False):
        assert row.point.whole("network.depth") == trial.spec.depth
        assert row.point.text("network.activation") == trial.spec.activation
        assert (row.width, row.seed) == (trial.spec.width, trial.spec.seed)
        assert (row.g_mode, row.effective_lr) == (trial.written.g_mode, trial.spec.learning_rate)


def test_the_g_of_a_forecast_is_the_g_that_is_planned() -> None:
    spec = read(
        minimal(
            network=network(activation=["relu", "tanh", "leaky_relu"], slope=0.3, width=64),
            init={"scheme": ["rwi", "orthogonal"], "g": [{"relative": 0.9}, "auto"], "g_in": 2},
        )
    )

    found = survey(spec, SHAPES)

    # Every trial here is a configuration of its own: activation x scheme x g.
    planned = [trial.spec.g for trial in plan(SWEEP, spec, SHAPES)]
    predicted = [(at_once(each) or simulated(each)).g for each in found.configurations]
    assert predicted == planned


def test_schemes_that_mean_the_same_matrices_share_a_configuration() -> None:
    he = math.sqrt(2.0)
    spec = read(minimal(init=[{"scheme": "he"}, {"scheme": "rwi", "g": he}]))

    assert len(survey(spec, SHAPES).configurations) == 1


def test_memory_and_arithmetic_are_those_of_the_formulas() -> None:
    adam = {"optimizer": {"kind": "adam"}, "batch_size": 10, "precision": "float64"}
    spec = read(minimal(network=network(depth=2, width=3), training=training(epochs=2, **adam)))

    (taken,) = survey(spec, SHAPES).resources

    weights = 64 * 3 + 3 * 3 + 3 * 10
    parameters = weights + 3 + 3 + 10
    assert taken.parameters == parameters
    memory = pack_memory([taken.shape], SHAPES["digits"], 1, recomputes=False)
    assert taken.memory_bytes == memory.total
    assert taken.shape == TrialShape.of(plan(SWEEP, spec, SHAPES)[0].spec)
    steps = (6 * weights - 2 * 64 * 3) * 1437 * 2
    assert taken.flops == steps + 2 * weights * 3 * (1437 + 360)


def test_an_exact_forecast_is_rwinits_law() -> None:
    forecast = at_once(replace(RELU, relative=1.1))

    law = rwinit.walk_law("relu", 100, 32, g=1.1 * rwinit.gain("relu", 100))
    assert forecast is not None
    assert forecast.drift == float(law.drift)
    assert forecast.spread == float(law.spread)
    assert forecast.drift_error == 0.0
    assert forecast.death_probability == float(rwinit.death_probability("relu", 100, 32))


def test_a_simulated_forecast_is_rwinits_law_and_is_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = replace(TANH, g_in=1.5)
    assert at_once(configuration) is None
    assert recalled(configuration) is None

    forecast = simulated(configuration)

    conditions = rwinit.Conditions(g_in=1.5)
    g = rwinit.gain("tanh", 64, 4, conditions=conditions)
    law = rwinit.walk_law("tanh", 64, 4, g=g, conditions=conditions)
    assert (forecast.g, forecast.drift, forecast.spread) == (g, float(law.drift), float(law.spread))
    monkeypatch.setattr(forecasts, "_simulate", None)
    assert recalled(configuration) == forecast
    assert recalled(replace(configuration, g_in=1.0)) is None


def test_what_has_no_unbiased_g_is_kept_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> float:
        raise rwinit.GainNotFoundError("gelu", 2, 200, 0.5, 90.0, 1.5, -30.0)

    # Searching in vain takes seconds.
    monkeypatch.setattr(forecasts, "unbiased", refuse)
    hopeless = replace(TANH, activation="gelu", width=2, depth=200)

    first, again = simulated(hopeless), recalled(hopeless)

    assert first == again
    assert first.without_gain
    assert first.g is None
    assert "came closest to 0 at g = 1.5" in (first.remark or "")
    found = warnings_of([hopeless], [first])
    assert [each.kind for each in found] == [WarningKind.NO_GAIN]
    assert "gelu, width 2, depth 200" in found[0].message


def test_a_network_that_is_too_large_is_not_simulated() -> None:
    forecast = at_once(replace(TANH, width=1000, depth=MOST_UNITS // 1000 + 1))

    assert forecast is not None
    assert forecast.drift is None
    assert not forecast.pending
    assert forecast.remark is not None


def test_a_biased_relu_network_vanishes_or_explodes_and_the_unbiased_one_does_not() -> None:
    deep = replace(RELU, depth=128)

    found = warnings(
        replace(deep, relative=0.5), replace(deep, relative=2.0), replace(deep, relative=1.0)
    )

    assert set(found) == {WarningKind.VANISH, WarningKind.EXPLODE}
    assert found[WarningKind.VANISH].places == (0,)
    assert found[WarningKind.EXPLODE].places == (1,)
    assert "relu, width 100, depth 128, g 0.5 x unbiased" in found[WarningKind.VANISH].message
    assert "drift -88" in found[WarningKind.VANISH].message


@pytest.mark.parametrize("activation", ["relu", "linear", "leaky_relu", "tanh"])
def test_the_unbiased_network_of_moderate_depth_has_no_warning(activation: str) -> None:
    assert warnings(replace(RELU, activation=activation)) == {}


def test_narrow_deep_relu_networks_wander_and_die_and_very_deep_ones_merge_their_inputs() -> None:
    narrow = replace(RELU, width=6, depth=100)
    deep = replace(RELU, width=2000, depth=1000)

    found = warnings(narrow, deep)

    assert {kind: warning.places for kind, warning in found.items()} == {
        WarningKind.WANDER: (0,),
        WarningKind.DIE: (0,),
        WarningKind.DECORRELATE: (1,),
    }


def test_a_chaotic_tanh_network_decorrelates() -> None:
    chaotic = replace(TANH, depth=40, relative=None, g=3.0)

    found = warnings(chaotic)

    assert WarningKind.DECORRELATE in found
    assert "unrelated" in found[WarningKind.DECORRELATE].message


def test_a_saturated_hardtanh_network_passes_nothing() -> None:
    saturated = replace(TANH, activation="hardtanh", width=2, depth=60, relative=None, g=1000.0)

    forecast = simulated(saturated)

    assert forecast.passes_nothing
    assert recalled(saturated) == forecast
    assert WarningKind.DIE in warnings(saturated)


def test_what_is_pending_has_no_warning() -> None:
    assert warnings_of([TANH], [awaited(TANH)]) == ()
    assert awaited(TANH).pending
    assert isinstance(awaited(TANH), Forecast)


def test_the_worst_configurations_are_named_and_the_rest_is_counted() -> None:
    many = [replace(RELU, depth=128, relative=0.9 - 0.01 * step) for step in range(8)]

    message = warnings(*many)[WarningKind.VANISH].message

    assert message.startswith("8 configurations are expected to vanish")
    assert message.index("g 0.83 x") < message.index("g 0.84 x")
    assert message.endswith("and 3 more")
