"""Plans: the same every time, a larger one keeps the smaller one's trials, nothing twice."""

import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rwinit
from service.planner import PlannedConfiguration, check, plan
from service.planner.stopping import groups_of
from service.spec import SpecError, SweepSpec, count_trials
from tests.planner.shapes import SHAPES
from tests.spec.documents import (
    SWEEP,
    Plain,
    documents,
    minimal,
    network,
    read,
    shuffled,
    training,
    unhurried,
)
from workers.contract import TrialSpec


def planned(document: Plain) -> list[PlannedConfiguration]:
    return plan(SWEEP, read(document), SHAPES)


def trials_of(configurations: Iterable[PlannedConfiguration]) -> list[TrialSpec]:
    return [spec for each in configurations for spec in each.specs()]


def ids(document: Plain) -> set[UUID]:
    return {spec.trial_id for spec in trials_of(planned(document))}


def refused(spec: SweepSpec, cap: int | None = None) -> dict[str, str]:
    with pytest.raises(SpecError) as from_plan:
        plan(SWEEP, spec, SHAPES, cap=cap)
    with pytest.raises(SpecError) as from_check:
        check(spec, SHAPES, cap=cap)
    assert from_plan.value.issues == from_check.value.issues
    return {issue.path: issue.message for issue in from_plan.value.issues}


@unhurried
@given(documents())
def test_planning_twice_gives_the_same_trials(document: Plain) -> None:
    assert planned(document) == planned(document)


@unhurried
@given(documents())
def test_check_counts_what_plan_returns_and_the_closed_form_bounds_it(document: Plain) -> None:
    spec = read(document)
    configurations = plan(SWEEP, spec, SHAPES)
    trials = trials_of(configurations)

    assert check(spec, SHAPES) == len(trials) == count_trials(spec)
    assert len({trial.trial_id for trial in trials}) == len(trials)
    assert len({each.id for each in configurations}) == len(configurations)


@unhurried
@given(st.data())
def test_the_order_of_keys_changes_no_trial(data: st.DataObject) -> None:
    document = data.draw(documents())
    other = data.draw(shuffled(document))

    assert isinstance(other, dict)
    assert planned(other) == planned(document)


def test_seeds_run_fastest_and_share_all_else() -> None:
    trials = trials_of(planned(minimal(network=network(depth=[2, 4]), seeds=[5, 3])))

    assert [(trial.network.depth, trial.seed) for trial in trials] == [
        (2, 5),
        (2, 3),
        (4, 5),
        (4, 3),
    ]


def test_ten_thousand_trials_are_planned_well_within_a_second() -> None:
    document = minimal(
        network=network(depth={"linspace": [1, 100, 100]}, width=[10, 20]),
        init={"g": {"relative": [0.9, 1, 1.1, 1.2, 1.3]}},
        training=training(lr={"uniform": [0.1, 1]}),
        search={"n": 10},
    )
    text = read(document)
    plan(SWEEP, text, SHAPES)
    start = time.process_time()

    spec = read(document)
    assert sum(len(each.trials) for each in plan(SWEEP, spec, SHAPES)) == 10_000

    # Measured at half of this on one slow core.
    assert time.process_time() - start < 1.5


def test_more_trials_than_the_spec_allows_are_refused_before_expansion() -> None:
    spec = read(minimal(network=network(depth={"linspace": [1, 1000, 1000]}), seeds=2_000_000_000))
    start = time.process_time()

    messages = refused(spec)

    assert list(messages) == ["limits.max_trials"]
    assert "2000000000000" in messages["limits.max_trials"]
    assert "10000" in messages["limits.max_trials"]
    assert time.process_time() - start < 0.5


def test_a_service_may_allow_less_than_the_spec() -> None:
    spec = read(minimal(seeds=50))

    assert check(spec, SHAPES, cap=50) == 50
    assert refused(spec, cap=49) == {
        "limits.max_trials": "this service runs at most 49 trials a sweep; the spec asks for 50"
    }


def test_what_would_have_no_effect_is_refused_with_everything_else() -> None:
    spec = read(
        minimal(
            early_stopping={"kind": "asha", "within": ["network.depth", "network.height"]},
            profiles={"epochs": [0, 2]},
            dataset={"name": "gone"},
        )
    )

    assert refused(spec) == {
        "early_stopping.within[1]": (
            "no trial has this coordinate; name one such as network.depth or training.lr"
        ),
        "early_stopping.grace_epochs": (
            "must be below 1, the largest training.epochs, to stop anything"
        ),
        "profiles.epochs[1]": "no trial has so many epochs; at most 1, the largest training.epochs",
        "dataset.name": "no such data set; known: digits, mnist, sounds, spirals",
    }


def test_an_autoencoder_is_not_stopped_by_an_error_that_it_has_not() -> None:
    spec = read(
        minimal(
            dataset={"name": "digits", "task": "autoencode"},
            training=training(epochs=9),
            early_stopping={"kind": "median", "metric": "eval_error"},
        )
    )

    assert refused(spec) == {
        "early_stopping.metric": "autoencoding has no error: use train_loss or eval_loss"
    }


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (None, {"network.depth 2": 4, "network.depth 4": 4}),
        ([], {"all trials": 8}),
        (
            ["network.depth", "training.lr"],
            {
                "network.depth 2, training.lr 0.1": 2,
                "network.depth 2, training.lr 0.2": 2,
                "network.depth 4, training.lr 0.1": 2,
                "network.depth 4, training.lr 0.2": 2,
            },
        ),
    ],
)
def test_trials_compete_with_those_that_agree(
    within: list[str] | None, expected: dict[str, int]
) -> None:
    rule = {"kind": "asha"} | ({} if within is None else {"within": within})
    spec = read(
        minimal(
            network={"activation": "relu", "depth": [2, 4], "width": 10},
            training=training(epochs=9, lr=[0.1, 0.2]),
            seeds=2,
            early_stopping=rule,
        )
    )
    sweep_id = UUID(int=5)

    groups = groups_of(sweep_id, spec)

    assert Counter(groups.values()) == expected
    assert list(groups) == [trial.trial_id for trial in trials_of(plan(sweep_id, spec, SHAPES))]


def test_profiles_are_taken_as_far_as_each_trial_goes() -> None:
    document = minimal(training=training(epochs=[3, 10]), profiles={"epochs": [10, 0, 5]})

    configurations = [each.configuration for each in planned(document)]

    assert {each.training.epochs: each.profile_epochs for each in configurations} == {
        3: (0,),
        10: (0, 5, 10),
    }
    assert ids(document) == ids(document | {"profiles": {}})


def test_a_profile_beyond_the_epochs_of_every_point_is_an_issue_at_its_place() -> None:
    document = minimal(training=training(epochs=[3, 10]), profiles={"epochs": [4, 11, 0, 12]})

    assert list(refused(read(document))) == ["profiles.epochs[1]", "profiles.epochs[3]"]


@pytest.mark.parametrize(
    ("changes", "path", "words"),
    [
        ({"dataset": {"name": "sounds"}}, "dataset.task", "sounds has no labels"),
        (
            {
                "dataset": {"name": "digits", "task": ["classify", "autoencode"]},
                "training": training(label_smoothing=[0.0, 0.1]),
            },
            "training.label_smoothing",
            "autoencoding has no labels",
        ),
        ({"init": {"scheme": "he", "g": 1.2}}, "init.g", "he fixes its own gain"),
        ({"init": {"scheme": "glorot", "g": {"relative": 1}}}, "init.g", "use scheme rwi"),
        (
            {"network": network(activation="erf"), "init": {"scheme": "rwi_paper"}},
            "init.g",
            "the paper has no formula for erf",
        ),
        (
            {"network": network(width={"parameters": 90})},
            "network.width.parameters",
            "width 1 at depth 4 on digits already has 91 parameters",
        ),
        (
            {"network": network(depth=1000), "training": training(lr_depth_power=300)},
            "training.lr_depth_power",
            "at depth 1000 the learning rate would be inf",
        ),
        (
            {"network": network(depth=1000), "training": training(lr_depth_power=-300)},
            "training.lr_depth_power",
            "at depth 1000 the learning rate would be 0.0",
        ),
        (
            {"network": network(kind="roaf", c=4)},
            "network.c",
            "must be below the depth, 4",
        ),
        (
            {"network": network(kind="roaf", c=[0.5, 1], beta=0.5)},
            "network.beta",
            "give either c, or alpha and beta",
        ),
        (
            {
                "network": network(kind="roaf", depth=50_000),
                "training": training(lr_beta_power=-80),
            },
            "training.lr_beta_power",
            "the learning rate of hidden matrices would be 0.1 x inf",
        ),
        (
            {"training": training(optimizer={"momentum": [0, 0.9], "nesterov": [False, True]})},
            "training.optimizer.nesterov",
            "momentum above 0",
        ),
    ],
)
def test_what_cannot_be_resolved_is_refused(
    changes: dict[str, object], path: str, words: str
) -> None:
    messages = refused(read(minimal(**changes)))

    assert list(messages) == [path]
    assert words in messages[path]


def test_an_issue_of_many_points_is_reported_once() -> None:
    document = minimal(
        network=network(activation=["tanh", "relu"], depth=[1, 2, 3]),
        dataset={"name": "gone"},
        init={"scheme": "rwi_paper"},
    )

    with pytest.raises(SpecError) as caught:
        planned(document)

    assert [issue.path for issue in caught.value.issues] == ["dataset.name", "init.g"]


def test_an_activation_without_a_closed_form_gets_its_simulated_gain_of_width_and_depth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(rwinit.CACHE_VARIABLE, str(tmp_path))
    document = minimal(
        network=network(activation="tanh", depth=[3, 6], width=8), init={"g": {"relative": [1, 2]}}
    )

    configurations = planned(document)

    unbiased = {depth: rwinit.gain("tanh", 8, depth) for depth in (3, 6)}
    assert [each.configuration.init.g for each in configurations] == [
        unbiased[3], 2 * unbiased[3], unbiased[6], 2 * unbiased[6],
    ]  # fmt: skip


def test_the_check_that_answers_a_submission_simulates_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_args: object, **_kwargs: object) -> float:
        raise AssertionError("simulated")

    monkeypatch.setattr(rwinit, "gain", fail)
    document = minimal(network=network(activation="tanh", depth=[3, 6], width=8))

    assert check(read(document), SHAPES) == 2
