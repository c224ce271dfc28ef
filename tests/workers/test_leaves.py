"""Leaves: a configuration as a flat mapping, and changes by the same names."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from uuid import uuid4

import pytest

from tests.factories import trial_spec
from workers.architectures import ARCHITECTURES
from workers.contract import (
    Activation,
    Configuration,
    EngineName,
    Freeze,
    Network,
    OptimizerKind,
    Precision,
    Prediction,
    Scheme,
    Task,
)
from workers.contract.leaves import LeafType, leaf_types, leaves, varied, with_leaves
from workers.schedules import Schedule, ScheduleKind

PREDICTED = replace(trial_spec().configuration, prediction=Prediction(drift=-0.5, spread=0.25))
OTHER: Mapping[str, object] = {
    "dataset": "mnist",
    "task": Task.AUTOENCODE,
    "kind": "other",
    "activation": Activation.TANH,
    "slope": 0.3,
    "depth": 9,
    "width": 99,
    "scheme": Scheme.HE,
    "g": 2.5,
    "g_in": 2.0,
    "g_out": 0.5,
    "epochs": 7,
    "batch_size": 10,
    "effective_lr": 0.125,
    "schedule": Schedule(kind=ScheduleKind.STEP, factor=0.5, every_epochs=3),
    "optimizer": OptimizerKind.ADAM,
    "momentum": 0.75,
    "nesterov": True,
    "weight_decay": 0.01,
    "clip_norm": 3.0,
    "beta1": 0.5,
    "beta2": 0.75,
    "eps": 1e-6,
    "precision": Precision.FLOAT64,
    "label_smoothing": 0.25,
    "branch_lr_factor": 40.0,
    "freeze": Freeze.BODY,
    "engine": EngineName.PACKED,
    "profile_epochs": (0, 2),
    "predicted_drift": 1.5,
    "predicted_spread": 0.75,
}
"""A value for every leaf that differs from that of `PREDICTED`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WavyNetwork(Network):
    """A network with a hyper-parameter of its own."""

    ripple: float


def at(configuration: Configuration, path: tuple[str, ...]) -> object:
    value: object = configuration
    for name in path:
        value = getattr(value, name)
    return value


def number_of_fields(value: object) -> int:
    """Return how many fields a dataclass has, counting those of its parts; a schedule is one."""
    if not is_dataclass(value) or isinstance(value, Schedule):
        return 1
    return sum(number_of_fields(getattr(value, field.name)) for field in fields(value))


def test_a_configuration_has_every_value_under_one_name() -> None:
    found = leaves(PREDICTED)

    # Fewer leaves than fields would be two fields with one name.
    assert len(found) == number_of_fields(PREDICTED)
    assert list(found) == list(OTHER)
    assert (found["kind"], found["optimizer"]) == ("ffn", OptimizerKind.SGD)
    assert (found["effective_lr"], found["g"], found["depth"]) == (0.05, 1.5, 4)
    assert (found["predicted_drift"], found["predicted_spread"]) == (-0.5, 0.25)
    assert found["schedule"] == Schedule()


@pytest.mark.parametrize(
    "network_type", [each.network_type for each in ARCHITECTURES.values()], ids=list(ARCHITECTURES)
)
def test_the_leaves_of_every_kind_of_network_have_names_of_their_own(
    network_type: type[Network],
) -> None:
    n_own = len(fields(network_type)) - len(fields(Network))

    # Two fields with one name would be one leaf.
    assert len(leaf_types([network_type])) == len(leaf_types([])) + n_own


def test_a_configuration_without_a_prediction_has_no_leaves_of_it() -> None:
    found = leaves(replace(PREDICTED, prediction=None))

    assert list(found) == [name for name in OTHER if not name.startswith("predict")]


@pytest.mark.parametrize("name", OTHER)
def test_a_change_replaces_exactly_one_leaf(name: str) -> None:
    spec = replace(trial_spec(), configuration=PREDICTED)

    changed = varied(spec, **{name: OTHER[name]})

    before, after = leaves(spec.configuration), leaves(changed.configuration)
    assert {each for each in after if after[each] != before[each]} == {name}
    assert after[name] == OTHER[name]
    assert list(after) == list(before)
    assert (changed.trial_id, changed.seed) == (spec.trial_id, spec.seed)
    assert varied(changed, **{name: before[name]}) == spec


def test_many_leaves_are_replaced_at_once() -> None:
    assert leaves(with_leaves(PREDICTED, OTHER)) == OTHER


def test_the_id_and_the_seed_of_a_trial_are_replaced_beside_leaves() -> None:
    spec, other = trial_spec(), uuid4()

    changed = varied(spec, trial_id=other, seed=7, depth=9)

    assert (changed.trial_id, changed.seed, changed.network.depth) == (other, 7, 9)
    assert varied(changed, trial_id=spec.trial_id, seed=0, depth=4) == spec


def test_without_changes_a_trial_stays_what_it_is() -> None:
    spec = trial_spec()

    assert varied(spec) == spec


# Parts are no leaves, nor are fields whose leaf has another name.
@pytest.mark.parametrize("name", ["height", "network", "training", "learning_rate", "prediction"])
@pytest.mark.parametrize("prediction", [PREDICTED.prediction, None], ids=["predicted", "not"])
def test_an_unknown_leaf_is_refused_by_name(name: str, prediction: Prediction | None) -> None:
    with pytest.raises(KeyError, match=f"no such leaves: {name}"):
        with_leaves(replace(PREDICTED, prediction=prediction), {name: 1, "depth": 2})


def test_a_prediction_that_is_not_there_has_no_leaf_to_replace() -> None:
    with pytest.raises(KeyError, match="predicted_drift"):
        with_leaves(replace(PREDICTED, prediction=None), {"predicted_drift": 1.0})


def test_types_have_the_names_and_places_of_the_leaves() -> None:
    types = leaf_types([Network])

    assert list(types) == list(leaves(PREDICTED))
    for name, value in leaves(with_leaves(PREDICTED, OTHER)).items():
        assert at(with_leaves(PREDICTED, OTHER), types[name].path) == value
        assert type(value) is types[name].type


def test_types_are_without_none() -> None:
    types = leaf_types([Network])

    assert types["clip_norm"] == LeafType(("training", "optimizer", "clip_norm"), float)
    assert types["predicted_drift"] == LeafType(("prediction", "drift"), float)
    assert types["profile_epochs"] == LeafType(("profile_epochs",), tuple)


def test_a_hyper_parameter_of_one_kind_is_a_leaf_under_its_own_name() -> None:
    network = WavyNetwork(
        kind="wavy", activation=Activation.RELU, slope=0.01, depth=4, width=16, ripple=0.5
    )
    wavy = replace(PREDICTED, network=network)

    types = leaf_types([Network, WavyNetwork])

    assert types["ripple"] == LeafType(("network", "ripple"), float)
    assert types.keys() == leaves(wavy).keys()
    assert leaves(wavy)["ripple"] == 0.5
    changed = with_leaves(wavy, {"ripple": 0.25}).network
    assert changed == replace(network, ripple=0.25)
