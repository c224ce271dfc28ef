"""The predicted walks of a plan."""

from dataclasses import replace
from uuid import UUID, uuid4

import numpy as np
import pytest

import rwinit
from service.planner import PlannedConfiguration, plan, predict
from service.planner.walk_laws import MOST_UNITS, gradient_bounds, is_too_large, walk_of
from service.spec import Media, parse
from tests.factories import DIGITS
from workers.architectures import ARCHITECTURES, LayerRule, WalkQuestion
from workers.contract import Activation, Prediction

SHAPES = {"digits": DIGITS}


def _planned(network: str, *, g: str = "auto", more: str = "") -> list[PlannedConfiguration]:
    text = f"""
version: 1
name: walks
network: {network}
init: {{g: {g}}}
training: {{epochs: 1, lr: 0.1}}
seeds: 3
{more}
"""
    return predict(plan(UUID(int=1), parse(text, Media.YAML), SHAPES), SHAPES)


def test_an_exact_law_is_in_every_configuration_and_leaves_no_walk() -> None:
    planned = _planned("{activation: relu, depth: [2, 30], width: 16}", g="1.5")

    law = rwinit.walk_law("relu", 16, [2, 30], g=1.5)
    laws = zip([2, 30], law.drift.tolist(), law.spread.tolist(), strict=True)
    assert [
        (each.configuration.network.depth, each.configuration.prediction) for each in planned
    ] == [(depth, Prediction(drift=drift, spread=spread)) for depth, drift, spread in laws]
    assert [each.walk for each in planned] == [None, None]


@pytest.mark.parametrize("filtering", ["haar", "permutation", "identity"])
def test_networks_with_filters_have_the_law_of_their_gains(filtering: str) -> None:
    (planned,) = _planned(
        f"{{kind: roaf, activation: tanh, depth: 50000, width: 64, c: 2, filter: {filtering}}}"
    )

    law = rwinit.additive_filter_law("tanh", 64, 50_000, c=2.0, filter=filtering)
    assert law is not None
    predicted = planned.configuration.prediction
    assert predicted is not None
    assert predicted.drift == pytest.approx(law.drift, rel=1e-9)
    assert predicted.spread == pytest.approx(law.spread, rel=1e-9)
    assert predicted.drift == pytest.approx(-2.0, abs=0.01)
    assert planned.walk is None


def test_networks_with_large_branch_gains_have_no_prediction() -> None:
    (planned,) = _planned("{kind: roaf, activation: tanh, depth: 50, width: 8, alpha: 0.5}")

    assert planned.configuration.prediction is None


def test_the_bounds_of_a_network_with_filters_contain_its_walk() -> None:
    (planned,) = _planned("{kind: roaf, activation: tanh, depth: 1000, width: 16}")
    question = walk_of(planned.configuration, DIGITS.n_inputs)
    assert question is not None

    bounds = gradient_bounds(question, 1.0)

    assert bounds is not None
    low, high = bounds
    predicted = planned.configuration.prediction
    assert predicted is not None
    assert low < predicted.drift - 3 * predicted.spread
    assert high > predicted.drift + 3 * predicted.spread
    assert low > -6.0
    assert gradient_bounds(replace(question, rule=LayerRule()), 1.0) is None


def test_a_simulated_law_is_of_the_configurations_own_network() -> None:
    (planned,) = _planned("{activation: tanh, depth: 8, width: 16}", g="1.4")

    conditions = rwinit.Conditions(n_inputs=DIGITS.n_inputs)
    law = rwinit.walk_law("tanh", 16, 8, g=1.4, conditions=conditions)
    band = rwinit.walk_band("tanh", 16, 8, g=1.4, conditions=conditions)
    expected = Prediction(drift=float(law.drift), spread=float(law.spread))
    assert planned.configuration.prediction == expected
    assert planned.walk is not None
    assert np.array_equal(planned.walk.means, band.mean)
    assert np.array_equal(planned.walk.deviations, band.deviation)


def test_all_trials_of_a_configuration_have_its_prediction() -> None:
    (planned,) = _planned("{activation: relu, depth: 4, width: 8}")

    predictions = [spec.configuration.prediction for spec in planned.specs()]

    assert len(predictions) == 3
    assert planned.configuration.prediction is not None
    assert set(predictions) == {planned.configuration.prediction}


def test_a_prediction_changes_nothing_else_of_a_plan() -> None:
    text = "{version: 1, name: n, network: {activation: relu, depth: [2, 3], width: 8}, "
    spec = parse(text + "training: {epochs: 1, lr: 0.1}, seeds: 2}", Media.YAML)
    bare = plan(UUID(int=1), spec, SHAPES)

    predicted = predict(bare, SHAPES)

    assert [(each.id, each.written, each.trials) for each in predicted] == [
        (each.id, each.written, each.trials) for each in bare
    ]
    assert [each.configuration.init for each in predicted] == [
        each.configuration.init for each in bare
    ]


def test_each_network_is_simulated_once_and_noted() -> None:
    text_of = "{activation: tanh, depth: [4, 6], width: 8}"
    noted: list[tuple[int, int]] = []
    spec = parse(
        f"{{version: 1, name: n, network: {text_of}, init: {{g: [1.1, 1.2]}}, "
        "training: {epochs: 1, lr: [0.1, 0.2]}, seeds: 2}",
        Media.YAML,
    )

    planned = predict(
        plan(uuid4(), spec, SHAPES), SHAPES, lambda done, total: noted.append((done, total))
    )

    assert noted == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(planned) == 8
    assert sum(len(each.trials) for each in planned) == 16
    assert len({each.walk.id for each in planned if each.walk}) == 4
    assert all(each.walk for each in planned)


def test_planning_again_gives_the_same_walks() -> None:
    network = "{activation: gelu, depth: 5, width: 8}"

    assert _planned(network, g="1.7") == _planned(network, g="1.7")


def _no_prediction(planned: list[PlannedConfiguration]) -> bool:
    assert planned
    return {(each.configuration.prediction, each.walk) for each in planned} == {(None, None)}


def test_a_network_that_passes_nothing_has_no_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*args: object, **kwargs: object) -> None:
        raise rwinit.ArgumentError("g", 9.0, "one at which more than one network passes an error")

    monkeypatch.setattr("rwinit.walk_law", refuses)

    assert _no_prediction(_planned("{activation: hardtanh, depth: 5, width: 8}", g="9.0"))


def test_a_network_too_large_to_be_simulated_has_no_prediction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.planner.walk_laws.MOST_UNITS", 39)

    assert _no_prediction(_planned("{activation: tanh, depth: 5, width: 8}", g="1.2"))


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_a_network_of_a_kind_without_a_law_has_no_prediction(
    monkeypatch: pytest.MonkeyPatch, activation: str
) -> None:
    monkeypatch.setattr(type(ARCHITECTURES["ffn"]), "walk", lambda *_, **__: None)

    planned = _planned(f"{{activation: {activation}, depth: 5, width: 8}}", g="1.2")

    assert _no_prediction(planned)
    assert walk_of(planned[0].configuration, DIGITS.n_inputs) is None


def test_only_networks_that_have_to_be_simulated_can_be_too_large() -> None:
    def question(activation: Activation, depth: int) -> WalkQuestion:
        return WalkQuestion(
            activation=activation, slope=0.0, depth=depth, width=1000, weights="gaussian"
        )

    most = MOST_UNITS // 1000
    assert not is_too_large(question(Activation.TANH, most))
    assert is_too_large(question(Activation.TANH, most + 1))
    assert not is_too_large(question(Activation.RELU, most + 1))
