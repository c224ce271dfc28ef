"""Resolved configurations: every number that decides a curve, and how it had been written."""

import math

import pytest

import rwinit
from service.enums import GMode
from service.planner import PlannedConfiguration, plan
from tests.planner.shapes import SHAPES
from tests.spec.documents import SWEEP, minimal, network, read, training
from workers.contract import (
    Activation,
    Configuration,
    EngineName,
    Freeze,
    Init,
    Network,
    Optimizer,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
    Training,
)
from workers.schedules import Schedule, ScheduleKind


def only(**changes: object) -> PlannedConfiguration:
    (configuration,) = plan(SWEEP, read(minimal(**changes)), SHAPES)
    return configuration


def test_a_configuration_with_nothing_but_defaults() -> None:
    planned = only()

    assert planned.configuration == Configuration(
        dataset="digits",
        task=Task.CLASSIFY,
        network=Network(kind="ffn", activation=Activation.RELU, slope=0.01, depth=4, width=10),
        init=Init(scheme=Scheme.RWI, g=rwinit.gain("relu", 10), g_in=1.0, g_out=1.0),
        training=Training(
            epochs=1,
            batch_size=100,
            learning_rate=0.1,
            schedule=Schedule(),
            optimizer=Optimizer(
                kind=OptimizerKind.SGD,
                momentum=0.0,
                nesterov=False,
                weight_decay=0.0,
                clip_norm=None,
                beta1=0.9,
                beta2=0.999,
                eps=1e-8,
            ),
            precision=Precision.FLOAT32,
        ),
        engine=EngineName.PACKED,
        profile_epochs=(),
        prediction=None,
    )
    assert [trial.seed for trial in planned.trials] == [0]
    assert planned.walk is None


def test_a_configuration_with_everything_written() -> None:
    planned = only(
        dataset={"name": "sounds", "task": "autoencode"},
        network=network(activation="leaky_relu", slope=0.2, depth=7, width=5),
        init={"scheme": "orthogonal", "g": 1.25, "g_in": 2, "g_out": 0.5},
        training={
            "epochs": 3,
            "batch_size": 7,
            "lr": 0.5,
            "optimizer": {
                "kind": "adam",
                "betas": [0.5, 0.75],
                "eps": 1e-6,
                "weight_decay": 0.125,
                "clip_norm": 3,
            },
            "schedule": {"kind": "table", "points": [[0, 1], [2, 0.5]], "warmup_epochs": 1},
            "precision": "float64",
        },
        profiles={"epochs": [3, 0]},
        seeds=[11],
    )

    assert planned.configuration == Configuration(
        dataset="sounds",
        task=Task.AUTOENCODE,
        network=Network(kind="ffn", activation=Activation.LEAKY_RELU, slope=0.2, depth=7, width=5),
        init=Init(scheme=Scheme.ORTHOGONAL, g=1.25, g_in=2.0, g_out=0.5),
        training=Training(
            epochs=3,
            batch_size=7,
            learning_rate=0.5,
            schedule=Schedule(
                kind=ScheduleKind.TABLE, points=((0.0, 1.0), (2.0, 0.5)), warmup_epochs=1.0
            ),
            optimizer=Optimizer(
                kind=OptimizerKind.ADAM,
                weight_decay=0.125,
                clip_norm=3.0,
                beta1=0.5,
                beta2=0.75,
                eps=1e-6,
            ),
            precision=Precision.FLOAT64,
        ),
        engine=EngineName.PACKED,
        profile_epochs=(0, 3),
    )
    assert [trial.seed for trial in planned.trials] == [11]


@pytest.mark.parametrize(
    ("written", "resolved"),
    [
        ({"kind": "constant"}, Schedule()),
        (
            {"kind": "exponential", "final_factor": 0.5},
            Schedule(kind=ScheduleKind.EXPONENTIAL, final_factor=0.5),
        ),
        (
            {"kind": "step", "factor": 0.5, "every_epochs": 3},
            Schedule(kind=ScheduleKind.STEP, factor=0.5, every_epochs=3),
        ),
        (
            {"kind": "cosine", "final_factor": 0},
            Schedule(kind=ScheduleKind.COSINE, final_factor=0.0),
        ),
        ({"kind": "linear"}, Schedule(kind=ScheduleKind.LINEAR)),
        (
            {"kind": "inverse_time", "decay_epochs": 4},
            Schedule(kind=ScheduleKind.INVERSE_TIME, decay_epochs=4.0),
        ),
    ],
)
def test_every_schedule_is_resolved(written: dict[str, object], resolved: Schedule) -> None:
    planned = only(training=training(schedule=written))

    assert planned.configuration.training.schedule == resolved


@pytest.mark.parametrize(
    ("scheme", "activation", "g", "expected", "mode", "relative"),
    [
        ("rwi", "relu", "auto", rwinit.gain("relu", 10), GMode.AUTO, 1.0),
        ("rwi", "linear", {"relative": 0.5}, 0.5 * rwinit.gain("linear", 10), GMode.RELATIVE, 0.5),
        ("rwi", "tanh", 1.2, 1.2, GMode.ABSOLUTE, None),
        ("rwi_paper", "relu", "auto", rwinit.paper_gain("relu", 10), GMode.AUTO, None),
        ("rwi_paper", "relu", {"relative": 2}, 2 * rwinit.gain("relu", 10), GMode.RELATIVE, 2.0),
        ("he", "tanh", "auto", math.sqrt(2), GMode.AUTO, None),
        ("glorot", "gelu", "auto", 1.0, GMode.AUTO, None),
        ("lecun", "relu", "auto", 1.0, GMode.AUTO, None),
        (
            "orthogonal",
            "relu",
            "auto",
            rwinit.gain("relu", 10, weights="orthogonal"),
            GMode.AUTO,
            1.0,
        ),
        (
            "orthogonal",
            "relu",
            {"relative": 3},
            3 * rwinit.gain("relu", 10, weights="orthogonal"),
            GMode.RELATIVE,
            3.0,
        ),
    ],
)
def test_g_is_resolved_by_scheme_and_mode(
    scheme: str,
    activation: str,
    g: object,
    expected: float,
    mode: GMode,
    relative: float | None,
) -> None:
    planned = only(network=network(activation=activation), init={"scheme": scheme, "g": g})

    assert planned.configuration.init.g == pytest.approx(expected, rel=1e-15)
    assert (planned.written.g_mode, planned.written.g_relative) == (mode, relative)


def test_relative_gains_follow_the_width_that_a_budget_gives() -> None:
    planned = only(
        dataset={"name": "mnist"},
        network=network(depth=1000, width={"parameters": 4_000_000}),
        init={"g": {"relative": 1.1}},
    )

    configuration = planned.configuration
    assert configuration.network.width == 62
    assert configuration.init.g == pytest.approx(1.1 * rwinit.gain("relu", 62), rel=1e-15)
    assert planned.written.width_parameters == 4_000_000


def test_a_budget_counts_the_outputs_of_the_task() -> None:
    wide = only(
        dataset={"name": "digits", "task": "autoencode"},
        network=network(width={"parameters": 50_000}),
    )
    narrow = only(network=network(width={"parameters": 50_000}))

    assert wide.configuration.network.width < narrow.configuration.network.width


def test_a_learning_rate_follows_the_depth() -> None:
    spec = read(
        minimal(network=network(depth=[10, 40]), training=training(lr=0.2, lr_depth_power=-1.5))
    )

    planned = plan(SWEEP, spec, SHAPES)

    rates = [each.configuration.training.learning_rate for each in planned]
    assert rates == pytest.approx([0.2, 0.2 / 8])
    assert {(each.written.lr, each.written.lr_depth_power) for each in planned} == {(0.2, -1.5)}


def roaf(**changes: object) -> dict[str, object]:
    return network(kind="roaf", activation="tanh", **changes)


@pytest.mark.parametrize(
    ("optimizer", "power", "factor"),
    [
        ({"kind": "sgd"}, "auto", 100.0),
        ({"kind": "adam"}, "auto", 1.0),
        ({"kind": "adam"}, -0.5, 10.0),
        ({"kind": "sgd"}, 0, 1.0),
    ],
)
def test_the_rate_of_hidden_matrices_follows_the_branch_gain(
    optimizer: dict[str, object], power: float | str, factor: float
) -> None:
    planned = only(
        network=roaf(depth=200, c=2.0),
        training=training(lr=0.2, optimizer=optimizer, lr_beta_power=power),
    )

    assert planned.configuration.training.learning_rate == 0.2
    assert planned.configuration.training.branch_lr_factor == pytest.approx(factor)


@pytest.mark.parametrize("kind", ["ffn", "residual"])
def test_the_rate_of_other_kinds_of_networks_is_that_of_all_matrices(kind: str) -> None:
    planned = only(network=network(kind=kind, depth=200))

    assert planned.configuration.training.branch_lr_factor == 1.0


def test_the_offset_of_adam_shrinks_with_the_branch_gain() -> None:
    adam = {"kind": "adam"}
    plain = only(training=training(optimizer=adam))
    deep = only(network=roaf(depth=50_000), training=training(optimizer=adam))
    written = only(
        network=roaf(depth=50_000), training=training(optimizer={"kind": "adam", "eps": 1e-9})
    )

    offsets = [each.configuration.training.optimizer.eps for each in (plain, deep, written)]
    assert offsets == pytest.approx([1e-8, 2e-13, 1e-9])


def test_the_body_of_a_network_may_be_frozen() -> None:
    planned = only(training=training(freeze="body"))

    assert planned.configuration.training.freeze is Freeze.BODY


def test_g_of_a_network_with_filters_is_relative_to_one() -> None:
    auto, doubled = (
        only(network=roaf(depth=50_000), init={"g": g}) for g in ("auto", {"relative": 2})
    )

    assert [each.configuration.init.g for each in (auto, doubled)] == [1.0, 2.0]
    assert [each.written.g_relative for each in (auto, doubled)] == [1.0, 2.0]


def test_coordinates_as_written_are_kept_where_they_differ_from_their_defaults() -> None:
    planned = only(
        network=network(width={"parameters": 50_000}),
        init={"g": {"relative": 1.1}, "g_in": 1},
        training=training(batch_size=100, optimizer={"kind": "adam", "betas": [0.5, 0.75]}),
    )

    assert planned.written.coordinates == {
        "network.activation": "relu",
        "network.depth": 4,
        "network.width.parameters": 50_000,
        "init.g.relative": 1.1,
        "training.epochs": 1,
        "training.lr": 0.1,
        "training.optimizer.kind": "adam",
        "training.optimizer.betas": [0.5, 0.75],
    }
