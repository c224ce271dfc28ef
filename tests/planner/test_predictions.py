"""The predicted walks of a plan."""

from uuid import UUID, uuid4

import numpy as np
import pytest

import rwinit
from service.planner import PlannedTrial, plan, predict
from service.spec import Media, parse
from tests.factories import DIGITS

SHAPES = {"digits": DIGITS}


def _planned(network: str, *, g: str = "auto", more: str = "") -> list[PlannedTrial]:
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


def test_an_exact_law_is_in_every_trial_and_leaves_no_walk() -> None:
    planned = _planned("{activation: relu, depth: [2, 30], width: 16}", g="1.5")

    law = rwinit.walk_law("relu", 16, [2, 30], g=1.5)
    drifts = {(t.spec.depth, t.spec.predicted_drift, t.spec.predicted_spread) for t in planned}
    assert drifts == set(zip([2, 30], law.drift.tolist(), law.spread.tolist(), strict=True))
    assert {trial.walk for trial in planned} == {None}


def test_a_simulated_law_is_of_the_trials_own_network() -> None:
    planned = _planned("{activation: tanh, depth: 8, width: 16}", g="1.4")

    conditions = rwinit.Conditions(n_inputs=DIGITS.n_inputs)
    law = rwinit.walk_law("tanh", 16, 8, g=1.4, conditions=conditions)
    band = rwinit.walk_band("tanh", 16, 8, g=1.4, conditions=conditions)
    for trial in planned:
        assert trial.spec.predicted_drift == float(law.drift)
        assert trial.spec.predicted_spread == float(law.spread)
        assert trial.walk is not None
        assert np.array_equal(trial.walk.means, band.mean)
        assert np.array_equal(trial.walk.deviations, band.deviation)


def test_each_network_is_simulated_once_and_told_of() -> None:
    text_of = "{activation: tanh, depth: [4, 6], width: 8}"
    told: list[tuple[int, int]] = []
    spec = parse(
        f"{{version: 1, name: n, network: {text_of}, init: {{g: [1.1, 1.2]}}, "
        "training: {epochs: 1, lr: [0.1, 0.2]}, seeds: 2}",
        Media.YAML,
    )

    planned = predict(
        plan(uuid4(), spec, SHAPES), SHAPES, lambda done, total: told.append((done, total))
    )

    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert len(planned) == 16
    assert len({trial.walk.id for trial in planned if trial.walk}) == 4


def test_planning_again_gives_the_same_walks() -> None:
    network = "{activation: gelu, depth: 5, width: 8}"

    assert _planned(network, g="1.7") == _planned(network, g="1.7")


def test_a_network_that_passes_nothing_has_no_prediction(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*args: object, **kwargs: object) -> None:
        raise rwinit.ArgumentError("g", 9.0, "one at which more than one network passes an error")

    monkeypatch.setattr("rwinit.walk_law", refuses)

    planned = _planned("{activation: hardtanh, depth: 5, width: 8}", g="9.0")

    assert {(t.spec.predicted_drift, t.spec.predicted_spread, t.walk) for t in planned} == {
        (None, None, None)
    }


def test_a_network_too_large_to_be_simulated_has_no_prediction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.planner.predictions.MOST_UNITS", 39)

    planned = _planned("{activation: tanh, depth: 5, width: 8}", g="1.2")

    assert {trial.spec.predicted_drift for trial in planned} == {None}
