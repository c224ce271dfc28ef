"""The kind "roaf": hyper-parameters, fixed filters, learning rates by group, frozen bodies."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch

from tests.factories import varied
from tests.workers.examples import BASE, blobs, of_kind, trial
from workers import engines
from workers.architectures import (
    ARCHITECTURES,
    Hypers,
    MatrixLaw,
    Skip,
    architecture_of,
    parameter_count,
)
from workers.architectures.roaf import Filter, RoafNetwork
from workers.contract import (
    Activation,
    EngineName,
    Freeze,
    Network,
    OptimizerKind,
    Precision,
    Scheme,
    TrialSpec,
)
from workers.engines import Engine, StepInput, initial_draws
from workers.engines.matrix_draws import draw_matrix_
from workers.training.frozen_network import FrozenNetwork

ROAF = ARCHITECTURES["roaf"]
PACKED = varied(BASE, engine=EngineName.PACKED)
DEFAULTS: Hypers = {each.name: each.default for each in ROAF.hyperparameters}


def roaf(depth: int, **written: object) -> RoafNetwork:
    made = ROAF.network(
        activation=Activation.TANH,
        slope=0.0,
        depth=depth,
        width=4,
        written={**DEFAULTS, **written},  # type: ignore[dict-item]  # the tests write valid values
    )
    assert isinstance(made, RoafNetwork)
    return made


def engine_with(spec: TrialSpec) -> Engine:
    engine = engines.create(spec, blobs(), "cpu", slots=1)
    engine.add(spec)
    return engine


def step(engine: Engine, spec: TrialSpec, learning_rate: float = 0.05) -> None:
    engine.step({spec.trial_id: StepInput(np.arange(10), learning_rate)})


@pytest.mark.parametrize(
    ("written", "alpha", "beta", "c"),
    [
        ({}, 0.9, 0.1, 1.0),
        ({"c": 2.5}, 0.75, 0.25, 2.5),
        ({"alpha": 0.998, "beta": 0.05}, 0.998, 0.05, 0.5),
        ({"alpha": 0.8}, 0.8, 0.2, 2.0),
        ({"beta": 0.3}, 0.7, 0.3, 3.0),
    ],
)
def test_c_or_the_two_factors_give_the_gains(
    written: Hypers, alpha: float, beta: float, c: float
) -> None:
    network = roaf(10, **written)

    rule = ROAF.hidden_rule(network)

    assert (network.alpha, network.beta, network.c) == pytest.approx((alpha, beta, c))
    assert (rule.skip_gain, rule.branch_gain) == (network.alpha, network.beta)
    assert rule.skip is Skip.ORTHOGONAL


def test_a_default_network_of_one_layer_has_gains_above_zero() -> None:
    network = roaf(1)

    assert 0.0 < network.alpha < 1.0


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ({"c": 1.0, "alpha": 0.5}, "alpha"),
        ({"c": 1.0, "beta": 0.5}, "beta"),
        ({"c": 10.0}, "c"),
        ({"alpha": 1.0}, "alpha"),
        ({"beta": 1.0}, "beta"),
    ],
)
def test_hyperparameters_that_contradict_each_other_are_an_issue(
    written: Hypers, name: str
) -> None:
    issue = ROAF.hyper_issue(10, {**DEFAULTS, **written})

    assert issue is not None
    assert issue.name == name


@pytest.mark.parametrize(
    "written", [{}, {"c": 9.9}, {"alpha": 1.0, "beta": 1.0}, {"alpha": 0.2}, {"beta": 0.2}]
)
def test_hyperparameters_that_agree_are_no_issue(written: Hypers) -> None:
    assert ROAF.hyper_issue(10, {**DEFAULTS, **written}) is None


@pytest.mark.parametrize(
    ("filtering", "shared", "law", "count"),
    [
        (Filter.HAAR, False, MatrixLaw.HAAR, 4),
        (Filter.HAAR, True, MatrixLaw.HAAR, 1),
        (Filter.PERMUTATION, False, MatrixLaw.PERMUTATION, 4),
        (Filter.PERMUTATION, True, MatrixLaw.PERMUTATION, 1),
    ],
)
def test_filters_are_a_group_that_is_not_trained(
    filtering: Filter, shared: bool, law: MatrixLaw, count: int
) -> None:
    network = roaf(5, filter=filtering, shared_filter=shared)

    *trained, filters = ROAF.parameters(network, 7, 3)

    assert (filters.draw, filters.count, filters.trainable) == (law, count, False)
    plain = ARCHITECTURES["ffn"].parameters(network, 7, 3)
    assert parameter_count([*trained, filters]) == parameter_count(plain)
    places = [layer.skip_place for layer in ROAF.layers(network)[1:-1]]
    assert places == ([0] * 4 if shared else [0, 1, 2, 3])


def test_filters_of_shallow_and_deep_networks_are_the_same_draws() -> None:
    shallow, deep = (roaf(depth) for depth in (3, 9))

    few, many = (ROAF.parameters(each, 7, 3)[-1].streams for each in (shallow, deep))

    assert many[: len(few)] == few == ("filter 1", "filter 2")
    assert not {*many} & {*ROAF.parameters(deep, 7, 3)[1].streams}


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize("shared", [False, True])
def test_haar_filters_are_orthogonal_and_stay_as_they_are(engine: EngineName, shared: bool) -> None:
    spec = of_kind(varied(BASE, engine=engine, depth=5), "roaf", shared_filter=shared)
    running = engine_with(spec)
    before = [each.clone() for each in running.parameters(spec.trial_id).weights["filter"]]

    for _ in range(3):
        step(running, spec)

    after = running.parameters(spec.trial_id).weights["filter"]
    assert len(before) == (1 if shared else 4)
    assert all(torch.equal(one, two) for one, two in zip(before, after, strict=True))
    for each in after:
        torch.testing.assert_close(each @ each.T, torch.eye(8), atol=1e-6, rtol=0.0)


@pytest.mark.parametrize("engine", EngineName)
def test_filters_are_drawn_again_on_one_thread(
    engine: EngineName, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Sums that are split over threads round differently: the filters would be others.
    spec = trial(kind="roaf", engine=engine)
    state = engine_with(spec).save(spec.trial_id)
    threads = []

    def noted(*given: Any) -> None:  # the arguments of another function
        threads.append(torch.get_num_threads())
        draw_matrix_(*given)

    monkeypatch.setattr(initial_draws, "draw_matrix_", noted)
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        engines.create(spec, blobs(), "cpu").restore(spec, state)
    finally:
        torch.set_num_threads(before)

    assert set(threads) == {1}


@pytest.mark.parametrize("engine", EngineName)
def test_permutations_are_orders_of_the_columns(engine: EngineName) -> None:
    spec = of_kind(varied(BASE, engine=engine, depth=5), "roaf", filter="permutation")

    orders = engine_with(spec).parameters(spec.trial_id).weights["filter"]

    assert len(orders) == 4
    assert all(each.sort().values.tolist() == list(range(8)) for each in orders)
    assert len({tuple(each.tolist()) for each in orders}) > 1


@pytest.mark.parametrize("filtering", Filter)
@pytest.mark.parametrize("shared", [False, True])
def test_both_engines_agree_on_every_filter(filtering: Filter, shared: bool) -> None:
    base = varied(BASE, depth=6, precision=Precision.FLOAT64, branch_lr_factor=3.0)
    states = []
    for name in EngineName:
        spec = of_kind(
            varied(base, engine=name), "roaf", filter=filtering, shared_filter=shared, c=1.5
        )
        running = engine_with(spec)
        for _ in range(3):
            step(running, spec)
        states.append(running.save(spec.trial_id).arrays)

    packed, reference = states
    assert packed.keys() == reference.keys()
    for part, array in packed.items():
        np.testing.assert_allclose(array, reference[part], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("filtering", Filter)
def test_profiles_walk_through_the_filters_as_autograd_does(filtering: Filter) -> None:
    spec = of_kind(varied(BASE, depth=4, precision=Precision.FLOAT64), "roaf", filter=filtering)
    frozen = FrozenNetwork(spec, engine_with(spec))
    h = torch.randn(3, 8, dtype=torch.float64, requires_grad=True)
    error = torch.randn(3, 8, dtype=torch.float64)

    filtered = frozen.filtered(2, h)
    (back,) = torch.autograd.grad(filtered, h, error)

    torch.testing.assert_close(frozen.filtered_back(2, error), back)
    torch.testing.assert_close(filtered.norm(dim=1), h.norm(dim=1))


def test_a_deep_pack_of_shared_filters_trains_each_trial_as_if_it_were_alone() -> None:
    specs = [
        varied(
            of_kind(varied(PACKED, depth=depth), "roaf", shared_filter=True),
            trial_id=UUID(int=depth),
            seed=depth,
        )
        for depth in (4, 11, 2)
    ]
    together = engines.create(specs[0], blobs(), "cpu", slots=3)
    for spec in specs:
        together.add(spec)
    for _ in range(3):
        together.step({each.trial_id: StepInput(np.arange(10), 0.05) for each in specs})
    together.drop(specs[1].trial_id)  # moves the others to other slots
    for spec in (specs[0], specs[2]):
        together.step({spec.trial_id: StepInput(np.arange(10), 0.05)})

    for spec in (specs[0], specs[2]):
        alone = engine_with(spec)
        for _ in range(4):
            step(alone, spec)
        for name, array in alone.save(spec.trial_id).arrays.items():
            assert array.tobytes() == together.save(spec.trial_id).arrays[name].tobytes()


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize("optimizer", OptimizerKind)
def test_a_frozen_body_trains_the_readout_alone(
    engine: EngineName, optimizer: OptimizerKind
) -> None:
    options = {"optimizer": optimizer, "weight_decay": 0.1, "clip_norm": 1e-3}
    spec = trial(kind="roaf", engine=engine, freeze=Freeze.BODY, **options)
    running = engine_with(spec)
    before = running.save(spec.trial_id).arrays

    for _ in range(3):
        step(running, spec)

    after = running.save(spec.trial_id).arrays
    changed = {name for name in after if after[name].tobytes() != before[name].tobytes()}
    assert {each.split(".")[1] for each in changed} == {"last"}
    assert {"parameters.last.weight", "parameters.last.bias"} <= changed


@pytest.mark.parametrize("optimizer", OptimizerKind)
def test_frozen_and_trained_bodies_share_a_pack(optimizer: OptimizerKind) -> None:
    specs = [
        varied(
            of_kind(varied(PACKED, depth=depth, optimizer=optimizer), "roaf"),
            trial_id=UUID(int=number),
            freeze=freeze,
            clip_norm=1e-3,
        )
        for number, (depth, freeze) in enumerate(
            [(6, Freeze.BODY), (6, Freeze.NONE), (3, Freeze.BODY)]
        )
    ]
    together = engines.create(specs[0], blobs(), "cpu", slots=3)
    for spec in specs:
        together.add(spec)
    for _ in range(3):
        together.step({each.trial_id: StepInput(np.arange(10), 0.05) for each in specs})

    for spec in specs:
        alone = engine_with(spec)
        for _ in range(3):
            step(alone, spec)
        for name, array in alone.save(spec.trial_id).arrays.items():
            assert array.tobytes() == together.save(spec.trial_id).arrays[name].tobytes()


def test_both_engines_clip_a_frozen_body_alike() -> None:
    states = []
    for name in EngineName:
        spec = trial(
            kind="roaf",
            engine=name,
            freeze=Freeze.BODY,
            clip_norm=1e-3,
            precision=Precision.FLOAT64,
        )
        running = engine_with(spec)
        step(running, spec)
        states.append(running.save(spec.trial_id).arrays["parameters.last.weight"])

    packed, reference = states
    np.testing.assert_allclose(packed, reference, rtol=1e-12)


@pytest.mark.parametrize("engine", EngineName)
def test_the_branch_factor_scales_the_steps_of_hidden_matrices_alone(engine: EngineName) -> None:
    base = trial(kind="roaf", engine=engine, precision=Precision.FLOAT64)
    changes = []
    for factor in (1.0, 4.0):
        training = replace(base.training, branch_lr_factor=factor)
        spec = replace(base, configuration=replace(base.configuration, training=training))
        running = engine_with(spec)
        before = running.save(spec.trial_id).arrays
        step(running, spec)
        after = running.save(spec.trial_id).arrays
        changes.append({name: after[name] - before[name] for name in after})

    slow, fast = changes
    for name, change in slow.items():
        factor = 4.0 if ".hidden." in name else 1.0
        np.testing.assert_allclose(fast[name], factor * change, rtol=1e-9, atol=1e-16)


def test_the_law_is_that_of_gaussian_matrices() -> None:
    network = roaf(5)

    known = ROAF.walk(network, scheme=Scheme.RWI, g_in=1.0, n_inputs=7)
    unknown = ROAF.walk(network, scheme=Scheme.ORTHOGONAL, g_in=1.0, n_inputs=7)

    assert known is not None
    assert known.exact
    assert known.has_unit_gain
    assert unknown is None


def test_only_a_roaf_network_has_filters() -> None:
    plain = Network(kind="ffn", activation=Activation.TANH, slope=0.0, depth=3, width=4)

    with pytest.raises(TypeError, match="a roaf network has filters"):
        ROAF.layers(plain)


def test_the_rule_for_learning_rates_is_that_of_the_optimizer() -> None:
    assert ROAF.branch_lr_power(OptimizerKind.SGD) == -1.0
    assert ROAF.branch_lr_power(OptimizerKind.ADAM) == 0.0
    assert architecture_of(BASE.network).branch_lr_power(OptimizerKind.SGD) == 0.0
