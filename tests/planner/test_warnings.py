"""Warnings in words: which random networks cannot train, and why."""

from pathlib import Path

import pytest

import rwinit
from service.enums import WarningKind
from service.planner.forecasts import (
    Forecast,
    immediate_forecast,
    pending_forecast,
    simulated_forecast,
)
from service.planner.walk_requests import WalkRequest
from service.planner.warnings import PlanWarning, warnings_of
from tests.planner.random_networks import RELU, TANH, asked
from workers.contract import Activation


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def warnings(*requests: WalkRequest) -> dict[WarningKind, PlanWarning]:
    found = [immediate_forecast(each) or simulated_forecast(each) for each in requests]
    return {warning.kind: warning for warning in warnings_of(requests, found)}


def test_a_biased_relu_network_vanishes_or_explodes_and_the_unbiased_one_does_not() -> None:
    deep = asked(RELU, depth=128)

    found = warnings(
        asked(deep, relative=0.5), asked(deep, relative=2.0), asked(deep, relative=1.0)
    )

    assert set(found) == {WarningKind.VANISH, WarningKind.EXPLODE}
    assert found[WarningKind.VANISH].places == (0,)
    assert found[WarningKind.EXPLODE].places == (1,)
    assert "relu, width 100, depth 128, g 0.5 x unbiased" in found[WarningKind.VANISH].message
    assert "drift -88" in found[WarningKind.VANISH].message


@pytest.mark.parametrize(
    ("activation", "slope"),
    [
        (Activation.RELU, 0.0),
        (Activation.LINEAR, 0.0),
        (Activation.LEAKY_RELU, 0.01),
        (Activation.TANH, 0.0),
    ],
)
def test_the_unbiased_network_of_moderate_depth_has_no_warning(
    activation: Activation, slope: float
) -> None:
    assert warnings(asked(RELU, activation=activation, slope=slope)) == {}


def test_narrow_deep_relu_networks_wander_and_die_and_very_deep_ones_merge_their_inputs() -> None:
    narrow = asked(RELU, width=6, depth=100)
    deep = asked(RELU, width=2000, depth=1000)

    found = warnings(narrow, deep)

    assert {kind: warning.places for kind, warning in found.items()} == {
        WarningKind.WANDER: (0,),
        WarningKind.DIE: (0,),
        WarningKind.DECORRELATE: (1,),
    }


def test_a_chaotic_tanh_network_decorrelates() -> None:
    chaotic = asked(TANH, depth=40, relative=None, g=3.0)

    found = warnings(chaotic)

    assert WarningKind.DECORRELATE in found
    assert "unrelated" in found[WarningKind.DECORRELATE].message


def test_a_network_that_passes_nothing_is_warned_of() -> None:
    saturated = asked(
        TANH, activation=Activation.HARDTANH, width=2, depth=60, relative=None, g=1000.0
    )

    assert WarningKind.DIE in warnings(saturated)


def test_what_is_pending_has_no_warning() -> None:
    assert warnings_of([TANH], [pending_forecast(TANH)]) == ()
    assert pending_forecast(TANH).pending
    assert isinstance(pending_forecast(TANH), Forecast)


def test_a_kind_without_a_law_has_no_warning() -> None:
    # Its layers without skips would vanish.
    assert warnings(asked(RELU, kind="other", has_law=False, depth=128, relative=0.5)) == {}


def test_the_worst_configurations_are_named_and_the_rest_is_counted() -> None:
    many = [asked(RELU, depth=128, relative=0.9 - 0.01 * step) for step in range(8)]

    message = warnings(*many)[WarningKind.VANISH].message

    assert message.startswith("8 configurations are expected to vanish")
    assert message.index("g 0.83 x") < message.index("g 0.84 x")
    assert message.endswith("and 3 more")
