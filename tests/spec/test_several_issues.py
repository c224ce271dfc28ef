"""Issues of one document hide no other issue, and nothing valid is called an issue."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.spec import SweepSpec
from service.spec.grammar.valid_fields import INVALID, ValidFields
from service.spec.paths import overlap
from service.spec.reading.valid_parts import valid_fields
from tests.spec.documents import Plain, documents, issues_in, minimal, network, training


@dataclass(frozen=True)
class Fault:
    """Something wrong to plant in a valid document.

    Attributes:
        writes: What to write, by dotted path.
        found: Paths of the issues that follow.
        reads: Other paths that must be as they were, or the issues cannot be found.
    """

    writes: Mapping[str, object]
    found: Sequence[str]
    reads: Sequence[str] = field(default=())

    def touches(self, other: "Fault") -> bool:
        mine, others = ([*fault.writes, *fault.reads] for fault in (self, other))
        return any(overlap(one, another) for one in mine for another in others)


def _field(path: str, value: object, found: str = "") -> Fault:
    return Fault({path: value}, [found or path])


FAULTS = [
    _field("version", 2),
    _field("name", "a\nb"),
    _field("name", "\ud800"),
    _field("naem", "y"),
    _field("dataset", {"nam": "digits"}, "dataset.nam"),
    _field("dataset", [{"task": "guess"}, {"task": "autoencode"}], "dataset[0].task"),
    _field("network", "relu"),
    _field("network", [{"activation": "relu", "depth": 1}], "network[0].width"),
    _field("network.depth", [3, 0], "network.depth[1]"),
    _field("network.width", {"parameters": -1}, "network.width.parameters"),
    _field("network.activation", "rleu"),
    _field("network.dephts", [1, 2]),
    _field("network.branch_scale", 0.5),
    Fault({"network.kind": "resnet"}, ["network.kind"], ["network"]),
    Fault({"network.slope": 0.2}, ["network.slope"], ["network.activation"]),
    _field("init.scheme", {"choice": ["rwi", "wri"]}, "init.scheme.choice[1]"),
    _field("init.g", ["auto", {"relative": "x"}], "init.g[1].relative"),
    _field("init.g_in", []),
    _field("training", 3),
    _field("training.epochs", True),
    _field("training.lr", {"log_uniform": [0, 1]}, "training.lr.log_uniform[0]"),
    _field("training.optimizer", {"kind": "adma"}, "training.optimizer.kind"),
    _field("training.optimizer", {"nesterov": True}, "training.optimizer.nesterov"),
    _field("training.schedule", {"kind": "step"}, "training.schedule.every_epochs"),
    _field("training.warp", 3),
    _field("seeds", [1, 1], "seeds[1]"),
    Fault({"search.kind": "grid"}, ["search.kind"]),
    Fault(
        {"training.lr": {"uniform": [1, 2]}, "search": {"seed": 1}},
        ["search.n"],
    ),
    Fault(
        {"init.g_out": {"choice": [1, 2]}, "serach": {"n": 3}, "search": {"n": 1}},
        ["serach"],
    ),
    Fault({"link": [["init.g_uot", "network.dept"]]}, ["link[0][0]", "link[0][1]"]),
    Fault({"link": [[3, "network.dept"]]}, ["link[0][0]", "link[0][1]"]),
    Fault(
        {
            "training.batch_size": [1, 2],
            "init.g_out": [1, 2, 3],
            "link": [["training.batch_size", "init.g_out"]],
        },
        ["link[0]"],
    ),
    _field(
        "when", [{"if": {"init.g_on": 1}, "set": {"training.epochs": 1}}], "when[0].if.init.g_on"
    ),
    Fault(
        {"when": [{"if": {}, "set": {"training.epochs": -1}}, {"if": {"init.g": "aut"}}]},
        ["when[0].if", "when[0].set.training.epochs", "when[1].if.init.g", "when[1].set"],
    ),
    _field("early_stopping", {"kind": "asha", "eta": 1}, "early_stopping.eta"),
    _field("profiles", {"epochs": [-1]}, "profiles.epochs[0]"),
    _field("limits.max_failures", -1),
    _field("resources", {"pack_size": "big"}, "resources.pack_size"),
    _field("priority", 1.5),
    _field("tags", {"paper": 3}, "tags.paper"),
]


def _plant(document: Plain, path: str, value: object) -> None:
    *outer, last = path.split(".")
    here: object = document
    for key in outer:
        assert isinstance(here, dict)
        here = here.setdefault(key, {})
    assert isinstance(here, dict)
    here[last] = value


@settings(deadline=None, max_examples=100)
@given(documents(), st.lists(st.sampled_from(FAULTS), min_size=2, max_size=6))
def test_every_planted_fault_is_reported_and_nothing_else(
    document: Plain, drawn: list[Fault]
) -> None:
    planted: list[Fault] = []
    for fault in drawn:
        if not any(fault.touches(other) for other in planted):
            planted.append(fault)
    for fault in planted:
        for path, value in fault.writes.items():
            _plant(document, path, value)

    assert set(issues_in(json.dumps(document))) == {path for each in planted for path in each.found}


@pytest.mark.parametrize("fault", FAULTS, ids=[" ".join(fault.found) for fault in FAULTS])
def test_each_fault_is_found_alone(fault: Fault) -> None:
    document = minimal()
    for path, value in fault.writes.items():
        _plant(document, path, value)

    assert set(issues_in(json.dumps(document))) == set(fault.found)


LEAKY = network(activation=["relu", "leaky_rleu"], slope=0.2)
AHEAD = {"kind": "sgd", "nesterov": True, "momentum": 2}
DRAWN = training(lr={"uniform": [0.1, 0.2]})


@pytest.mark.parametrize(
    ("document", "found"),
    [
        (minimal(network=LEAKY), ["network.activation[1]"]),
        (minimal(training=training(optimizer=AHEAD)), ["training.optimizer.momentum"]),
        (minimal(training=DRAWN, serach={"n": 3}), ["serach"]),
        (minimal(search={"n": 3}, training=training(foo={"uniform": [1, 2]})), ["training.foo"]),
        (
            minimal(
                init={"g_i": [1, 2], "g_out": [3, 4]},
                link=[["init.g_in", "init.g_out"]],
            ),
            ["init.g_i"],
        ),
        (
            minimal(training=training(optimizer={"nesterov": True}), whne=[]),
            ["whne"],
        ),
        (minimal(seeds=5000, limtis={"max_trials": 10**6}, priority="x"), ["limtis", "priority"]),
    ],
)
def test_nothing_is_said_of_a_part_that_depends_on_an_issue(
    document: Plain, found: list[str]
) -> None:
    assert sorted(issues_in(json.dumps(document))) == found


def test_lists_that_a_misspelt_link_may_join_are_not_multiplied() -> None:
    values = list(range(1, 201))
    document = minimal(
        network=network(depth=values, width=values), link=[["network.depth", "network.widht"]]
    )

    assert list(issues_in(json.dumps(document))) == ["link[0][1]"]


def test_a_sweep_that_is_too_large_by_its_valid_parts_is_an_issue() -> None:
    document = minimal(
        network=network(depth=list(range(1, 101)), width=[-3, 4, 5]),
        training=training(lr={"log_uniform": [0.1, 1]}),
        search={"n": 10},
        seeds=[4, 5],
        limits={"max_trials": 1999, "max_failures": -1},
    )
    found = issues_in(json.dumps(document))

    assert set(found) == {"network.width[0]", "limits.max_failures", "limits.max_trials"}
    assert "at least 2000 trials" in found["limits.max_trials"]
    document["limits"] = {"max_trials": 2000}
    assert set(issues_in(json.dumps(document))) == {"network.width[0]"}


def test_the_valid_parts_of_a_document_are_its_values_and_the_rest_is_absent() -> None:
    document = minimal(
        network=[network(depth=[4, 8]), network(depth=0), 3],
        training=training(lr="fast", schedule={"kind": "cosine", "final_factor": -1}),
        link=[["network.depth", 3], 7],
        seeds=0,
    )

    valid = valid_fields(SweepSpec, document)
    networks = valid.at("network")

    assert (valid.at("name"), valid.at("seeds"), valid.at("search.seed")) == ("x", INVALID, 0)
    assert (valid.at("training.epochs"), valid.at("training.lr")) == (1, INVALID)
    assert valid.at("training.schedule.kind") == "cosine"
    assert valid.at("training.schedule.final_factor") is INVALID
    assert valid.at("link") == (("network.depth", INVALID), INVALID)
    assert isinstance(networks, tuple)
    assert networks[0].depth == (4, 8)
    assert isinstance(networks[1], ValidFields)
    assert (networks[1].at("depth"), networks[1].at("width")) == (INVALID, 10)
    assert networks[2] is INVALID
