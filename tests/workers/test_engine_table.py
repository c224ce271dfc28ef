"""The table of engines: each trial's engine is a fixed rule of its configuration."""

import itertools
from dataclasses import replace

import pytest

from tests.factories import DIGITS, trial_shape
from workers import engine_table
from workers.architectures import ARCHITECTURES, LayerRule, Skip
from workers.contract import Activation, EngineName, Network, Precision, Task
from workers.engine_table import ENGINES, EngineDeclaration, batches_on, declaration_of, engine_for
from workers.estimates import slots_for


def network(activation: Activation = Activation.RELU) -> Network:
    return Network(kind="ffn", activation=activation, slope=0.01, depth=3, width=4)


@pytest.fixture
def skips(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Skip:
    """Let the hidden layers of all feed-forward networks have the test's skip."""
    skip: Skip = request.param
    rule = LayerRule(skip=skip)
    monkeypatch.setattr(type(ARCHITECTURES["ffn"]), "hidden_rule", lambda *_: rule)
    return skip


def test_every_engine_is_declared_once() -> None:
    assert sorted(each.name for each in ENGINES) == sorted(EngineName)
    for name in EngineName:
        assert declaration_of(name).name is name


@pytest.mark.parametrize("activation", Activation)
def test_the_packed_engine_runs_every_plain_network(activation: Activation) -> None:
    for task, precision in itertools.product(Task, Precision):
        assert engine_for(network(activation), task, precision) is EngineName.PACKED


@pytest.mark.parametrize("skips", Skip, indirect=True)
def test_the_packed_engine_runs_networks_with_every_skip(skips: Skip) -> None:
    assert engine_for(network(), Task.CLASSIFY, Precision.FLOAT32) is EngineName.PACKED
    assert skips in declaration_of(EngineName.PACKED).skips


EVERYTHING = EngineDeclaration(name=EngineName.REFERENCE, skips=frozenset(Skip))


@pytest.mark.parametrize(
    "narrow",
    [
        replace(EVERYTHING, skips=frozenset(Skip) - {Skip.NONE}),
        replace(EVERYTHING, tasks=frozenset({Task.AUTOENCODE})),
        replace(EVERYTHING, precisions=frozenset({Precision.FLOAT64})),
    ],
    ids=["skip", "task", "precision"],
)
def test_an_engine_runs_only_what_it_declares(
    narrow: EngineDeclaration, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = (network(), Task.CLASSIFY, Precision.FLOAT32)
    assert EVERYTHING.runs(*asked)

    assert not narrow.runs(*asked)

    monkeypatch.setattr(engine_table, "ENGINES", (narrow,))
    with pytest.raises(LookupError, match="no engine runs ffn, classify, float32"):
        engine_for(*asked)


def test_the_first_engine_of_the_table_that_runs_a_network_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_table, "ENGINES", ENGINES[::-1])

    assert engine_for(network(), Task.CLASSIFY, Precision.FLOAT32) is EngineName.REFERENCE


@pytest.mark.parametrize(
    ("engine", "device_type", "many"),
    [
        (EngineName.PACKED, "cpu", True),
        (EngineName.PACKED, "cuda", False),
        (EngineName.REFERENCE, "cpu", False),
        (EngineName.REFERENCE, "cuda", False),
    ],
)
def test_trials_run_side_by_side_only_where_their_bits_allow_it(
    engine: EngineName, device_type: str, many: bool
) -> None:
    assert batches_on(engine, device_type) == many
    assert device_type in declaration_of(engine).devices
    if device_type == "cpu":
        assert (slots_for(trial_shape(engine=engine), DIGITS) > 1) == many


@pytest.mark.parametrize(
    ("rule", "is_packed"),
    [
        (LayerRule(), True),
        (LayerRule(skip=Skip.IDENTITY, skip_gain=0.9, branch_gain=0.1), True),
        # The packed engine's plain layers have no gain, and none of its layers is linear.
        (LayerRule(branch_gain=0.1), False),
        (LayerRule(activated=False), False),
        (LayerRule(skip=Skip.IDENTITY, activated=False), False),
        (LayerRule(skip=Skip.IDENTITY, gated=True), False),
        (LayerRule(skip=Skip.ORTHOGONAL), True),
        (LayerRule(skip=Skip.PERMUTATION), True),
    ],
    ids=str,
)
def test_an_engine_declares_no_rule_of_which_it_would_ignore_a_part(
    rule: LayerRule, is_packed: bool
) -> None:
    assert declaration_of(EngineName.REFERENCE).computes(rule)
    assert declaration_of(EngineName.PACKED).computes(rule) is is_packed
