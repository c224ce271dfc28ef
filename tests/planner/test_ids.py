"""Ids of configurations and trials: functions of the sweep, the coordinates and the seed."""

import json
from collections.abc import Iterable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.planner import PlannedConfiguration, Written, plan
from tests.planner.shapes import SHAPES
from tests.spec.documents import (
    SWEEP,
    Plain,
    documents,
    minimal,
    network,
    read,
    training,
    unhurried,
)
from workers.contract import Configuration, TrialSpec


def planned(document: Plain) -> list[PlannedConfiguration]:
    return plan(SWEEP, read(document), SHAPES)


def by_configuration(
    found: Iterable[PlannedConfiguration],
) -> dict[UUID, tuple[Configuration, Written]]:
    return {each.id: (each.configuration, each.written) for each in found}


def by_trial(found: Iterable[PlannedConfiguration]) -> dict[UUID, tuple[TrialSpec, Written]]:
    return {spec.trial_id: (spec, each.written) for each in found for spec in each.specs()}


def test_ids_stay_what_they_are() -> None:
    """Rows in databases are keyed by these: a change of any of them needs a migration."""
    (configuration,) = planned(minimal())

    assert configuration.id == UUID("cd2bc85b-b8c7-5522-bb50-3421cad54349")
    (trial,) = configuration.trials
    assert trial.id == UUID("b74c7804-9853-5373-9afc-69e79ce54b36")


def test_an_axis_that_is_written_out_or_generated_gives_the_same_ids() -> None:
    listed = minimal(training=training(lr=[0.001, 0.01, 0.1]))
    generated = minimal(training=training(lr={"logspace": [1e-3, 1e-1, 3]}))

    assert by_trial(planned(listed)) == by_trial(planned(generated))
    assert by_configuration(planned(listed)) == by_configuration(planned(generated))


@pytest.mark.parametrize(
    "same",
    [
        minimal(init={"g": "auto", "g_in": 1}, dataset={"name": "digits"}),
        minimal(training=training(batch_size=100, optimizer={"kind": "sgd", "momentum": 0})),
        minimal(network=network(depth=[4]), seeds=[8, 9]),
    ],
    ids=["defaults written", "defaults of sections", "other seeds"],
)
def test_equal_coordinates_give_equal_configuration_ids(same: Plain) -> None:
    found, usual = by_configuration(planned(same)), by_configuration(planned(minimal()))

    assert found == usual


def test_the_same_numbers_written_in_another_way_are_another_configuration() -> None:
    (by_rule,) = planned(minimal(training=training(lr=0.1)))
    g = by_rule.configuration.init.g
    (by_number,) = planned(minimal(init={"g": g}))

    assert by_number.configuration == by_rule.configuration
    assert by_number.id != by_rule.id


@unhurried
@given(documents())
def test_trials_of_a_configuration_share_it_and_differ_in_seed_and_id(document: Plain) -> None:
    for each in planned(document):
        specs = each.specs()

        assert {id(spec.configuration) for spec in specs} == {id(each.configuration)}
        assert [(spec.trial_id, spec.seed) for spec in specs] == [
            (trial.id, trial.seed) for trial in each.trials
        ]
        assert len({spec.seed for spec in specs}) == len(specs)


@unhurried
@given(documents())
def test_an_id_is_a_function_of_the_sweep_the_coordinates_and_the_seed(document: Plain) -> None:
    own = planned(document)
    renamed = document | {"name": "other", "priority": 3, "tags": {"a": "b"}}

    assert planned(renamed) == own
    other = plan(UUID(int=1), read(document), SHAPES)
    assert not by_configuration(other).keys() & by_configuration(own).keys()
    assert not by_trial(other).keys() & by_trial(own).keys()


@unhurried
@given(documents(), st.sampled_from(["depth", "seeds", "draws"]))
def test_a_larger_spec_keeps_the_configurations_and_trials_it_shares(
    document: Plain, growth: str
) -> None:
    larger = json.loads(json.dumps(document))
    if growth == "depth":
        depths = larger["network"]["depth"]
        larger["network"]["depth"] = [301, *(depths if isinstance(depths, list) else [depths])]
    elif growth == "seeds":
        seeds = larger["seeds"]
        larger["seeds"] = seeds + 2 if isinstance(seeds, int) else [9, *seeds]
    elif "search" in larger:
        larger["search"]["n"] += 2
    before, after = planned(document), planned(larger)
    adds_points = growth == "depth" or (growth == "draws" and "search" in document)

    assert by_configuration(before).items() <= by_configuration(after).items()
    assert (len(after) > len(before)) == adds_points
    assert by_trial(before).items() <= by_trial(after).items()
    assert (len(by_trial(after)) > len(by_trial(before))) == (adds_points or growth == "seeds")
