"""Resolved trials: every number that decides a curve, and how it had been written."""

import itertools
import math
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from service.planner.widths import parameter_count, widest

import rwinit
from service.enums import GMode
from service.planner import PlannedTrial, plan
from tests.planner.shapes import SHAPES
from tests.spec.documents import SWEEP, minimal, network, read, training
from workers.contract import (
    Activation,
    EngineName,
    OptimizerKind,
    Precision,
    Scheme,
    Task,
    TrialSpec,
)
from workers.schedules import Schedule, ScheduleKind


def only(**changes: object) -> PlannedTrial:
    (trial,) = plan(SWEEP, read(minimal(**changes)), SHAPES)
    return trial


def test_a_trial_with_nothing_but_defaults() -> None:
    trial = only().spec

    assert trial == TrialSpec(
        trial_id=trial.trial_id,
        dataset="digits",
        task=Task.CLASSIFY,
        kind="ffn",
        activation=Activation.RELU,
        slope=0.01,
        depth=4,
        width=10,
        scheme=Scheme.RWI,
        g=rwinit.gain("relu", 10),
        g_in=1.0,
        g_out=1.0,
        epochs=1,
        batch_size=100,
        optimizer=OptimizerKind.SGD,
        momentum=0.0,
        nesterov=False,
        weight_decay=0.0,
        clip_norm=None,
        beta1=0.9,
        beta2=0.999,
        eps=1e-8,
        learning_rate=0.1,
        schedule=Schedule(),
        precision=Precision.FLOAT32,
        seed=0,
        engine=EngineName.PACKED,
    )
    assert isinstance(trial.trial_id, UUID)


def test_a_trial_with_everything_written() -> None:
    trial = only(
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
        seeds=[11],
    ).spec

    assert (trial.dataset, trial.task, trial.activation, trial.slope) == (
        "sounds",
        Task.AUTOENCODE,
        Activation.LEAKY_RELU,
        0.2,
    )
    assert (trial.g, trial.g_in, trial.g_out, trial.scheme) == (1.25, 2.0, 0.5, Scheme.ORTHOGONAL)
    assert (trial.optimizer, trial.beta1, trial.beta2, trial.eps) == (
        OptimizerKind.ADAM,
        0.5,
        0.75,
        1e-6,
    )
    assert (trial.weight_decay, trial.clip_norm, trial.seed) == (0.125, 3.0, 11)
    assert trial.precision is Precision.FLOAT64
    assert trial.schedule == Schedule(
        kind=ScheduleKind.TABLE, points=((0.0, 1.0), (2.0, 0.5)), warmup_epochs=1.0
    )


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
    assert only(training=training(schedule=written)).spec.schedule == resolved


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
    trial = only(network=network(activation=activation), init={"scheme": scheme, "g": g})

    assert trial.spec.g == pytest.approx(expected, rel=1e-15)
    assert (trial.written.g_mode, trial.written.g_relative) == (mode, relative)


def test_relative_gains_follow_the_width_that_a_budget_gives() -> None:
    trial = only(
        dataset={"name": "mnist"},
        network=network(depth=1000, width={"parameters": 4_000_000}),
        init={"g": {"relative": 1.1}},
    )

    assert trial.spec.width == 62
    assert trial.spec.g == pytest.approx(1.1 * rwinit.gain("relu", 62), rel=1e-15)
    assert trial.written.width_parameters == 4_000_000


def test_a_budget_counts_the_outputs_of_the_task() -> None:
    wide = only(
        dataset={"name": "digits", "task": "autoencode"},
        network=network(width={"parameters": 50_000}),
    )
    narrow = only(network=network(width={"parameters": 50_000}))

    assert wide.spec.width < narrow.spec.width


def parameters_by_hand(sizes: list[int]) -> int:
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in itertools.pairwise(sizes))


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 12), st.integers(1, 60))
def test_the_parameter_count_is_the_sum_over_the_layers(
    n_inputs: int, n_outputs: int, depth: int, width: int
) -> None:
    expected = parameters_by_hand([n_inputs, *[width] * depth, n_outputs])

    assert parameter_count(n_inputs, n_outputs, depth, width) == expected


@given(st.integers(1, 900), st.integers(1, 900), st.integers(1, 2000), st.integers(1, 10**12))
def test_a_budget_gives_the_widest_network_that_it_can_afford(
    n_inputs: int, n_outputs: int, depth: int, budget: int
) -> None:
    width = widest(n_inputs, n_outputs, depth, budget)

    assert width == 0 or parameter_count(n_inputs, n_outputs, depth, width) <= budget
    assert parameter_count(n_inputs, n_outputs, depth, width + 1) > budget


def test_a_learning_rate_follows_the_depth() -> None:
    trials = plan(
        SWEEP,
        read(
            minimal(network=network(depth=[10, 40]), training=training(lr=0.2, lr_depth_power=-1.5))
        ),
        SHAPES,
    )

    assert [trial.spec.learning_rate for trial in trials] == pytest.approx([0.2, 0.2 / 8])
    assert {(trial.written.lr, trial.written.lr_depth_power) for trial in trials} == {(0.2, -1.5)}
