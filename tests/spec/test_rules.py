"""Rules: conditions that see what was written, overrides that apply in order."""

import pytest

from service.spec import SpecError, count_trials, points
from tests.spec.documents import Plain, minimal, network, read, training


def coordinates(document: Plain, *paths: str) -> list[tuple[object, ...]]:
    return [tuple(point.get(path) for path in paths) for point in points(read(document))]


@pytest.mark.parametrize(
    ("condition", "depths"),
    [
        (8, [8]),
        ({"eq": 8}, [8]),
        ({"ne": 8}, [4, 16]),
        ({"lt": 8}, [4]),
        ({"le": 8}, [4, 8]),
        ({"gt": 8}, [16]),
        ({"ge": 7.5}, [8, 16]),
        ({"in": [4, 16, 99]}, [4, 16]),
        ({"ge": 5, "lt": 16}, [8]),
        ({"ge": 5, "ne": 8}, [16]),
    ],
)
def test_a_rule_changes_the_points_that_meet_its_condition(
    condition: object, depths: list[int]
) -> None:
    document = minimal(
        network=network(depth=[4, 8, 16]),
        when=[{"if": {"network.depth": condition}, "set": {"training.epochs": 9}}],
    )

    changed = [
        depth
        for depth, epochs in coordinates(document, "network.depth", "training.epochs")
        if epochs == 9
    ]

    assert changed == depths


def test_all_conditions_of_a_rule_must_hold() -> None:
    document = minimal(
        network=network(depth=[4, 8], activation=["relu", "linear"]),
        when=[
            {
                "if": {"network.depth": 8, "network.activation": "linear"},
                "set": {"training.epochs": 9},
            }
        ],
    )

    assert coordinates(document, "training.epochs") == [(1,), (1,), (1,), (9,)]


def test_conditions_see_the_point_as_written_and_the_last_rule_wins() -> None:
    document = minimal(
        network=network(depth=[4, 8]),
        when=[
            {"if": {"network.depth": 4}, "set": {"network.depth": 16, "training.epochs": 2}},
            {"if": {"network.depth": 16}, "set": {"training.epochs": 99}},
            {"if": {"network.depth": {"le": 8}}, "set": {"training.epochs": 3}},
        ],
    )

    assert coordinates(document, "network.depth", "training.epochs") == [(16, 3), (8, 3)]


def test_points_that_rules_make_identical_are_one() -> None:
    document = minimal(
        network=network(depth=[4, 8]),
        training=training(epochs=[1, 2]),
        when=[{"if": {"network.depth": 8}, "set": {"training.epochs": 5}}],
    )

    assert coordinates(document, "network.depth", "training.epochs") == [(4, 1), (4, 2), (8, 5)]
    assert count_trials(read(document)) == 4


def test_a_coordinate_that_a_point_does_not_have_meets_no_condition() -> None:
    document = minimal(
        training=training(optimizer=[{"kind": "sgd"}, {"kind": "adam"}]),
        when=[
            {"if": {"training.optimizer.momentum": {"ne": 0.5}}, "set": {"training.epochs": 2}},
            {"if": {"init.g.relative": {"ne": 0.5}}, "set": {"training.epochs": 3}},
        ],
    )

    assert coordinates(document, "training.optimizer.kind", "training.epochs") == [
        ("sgd", 2),
        ("adam", 1),
    ]


def test_an_unordered_value_meets_no_ordering() -> None:
    document = minimal(
        init={"g": ["auto", 1.5]},
        when=[{"if": {"init.g": {"gt": 0}}, "set": {"training.epochs": 2}}],
    )

    assert coordinates(document, "init.g", "training.epochs") == [("auto", 1), (1.5, 2)]


@pytest.mark.parametrize("override", [{"init.g": {"relative": 0.9}}, {"init.g.relative": 0.9}])
def test_an_override_of_g_replaces_it_however_it_was_written(override: Plain) -> None:
    document = minimal(
        init={"g": [1.5, {"relative": 2}]},
        when=[{"if": {"network.depth": 4}, "set": override}],
    )

    assert coordinates(document, "init.g", "init.g.relative") == [(None, 0.9)]


def test_an_override_replaces_a_width_by_a_budget_and_back() -> None:
    document = minimal(
        network=network(depth=[4, 8], width=[10, {"parameters": 5000}]),
        when=[
            {"if": {"network.depth": 4}, "set": {"network.width": {"parameters": 9000}}},
            {"if": {"network.depth": 8}, "set": {"network.width": 33}},
        ],
    )

    assert coordinates(document, "network.width", "network.width.parameters") == [
        (None, 9000),
        (33, None),
    ]


def test_an_override_replaces_a_whole_schedule() -> None:
    document = minimal(
        training=training(schedule={"kind": "step", "every_epochs": 2}),
        when=[
            {
                "if": {"training.schedule.kind": "step"},
                "set": {"training.schedule": {"kind": "cosine", "final_factor": 0}},
            }
        ],
    )
    (point,) = points(read(document))

    assert {path: value for path, value in point.items() if "schedule" in path} == {
        "training.schedule.kind": "cosine",
        "training.schedule.final_factor": 0.0,
        "training.schedule.warmup_epochs": 0.0,
    }


def test_an_override_of_a_list_is_one_value() -> None:
    document = minimal(
        training=training(optimizer={"kind": "adam"}),
        when=[
            {
                "if": {"training.optimizer.betas": [0.9, 0.999]},
                "set": {"training.optimizer.betas": [0.5, 0.9]},
            }
        ],
    )

    assert coordinates(document, "training.optimizer.betas") == [((0.5, 0.9),)]


def test_fields_of_a_mapping_are_set_after_the_mapping() -> None:
    rule = {
        "training.optimizer.momentum": 0.9,
        "training.optimizer": {"kind": "sgd", "momentum": 0.5, "nesterov": True},
    }
    document = minimal(when=[{"if": {"network.depth": 4}, "set": rule}])

    assert coordinates(document, "training.optimizer.momentum", "training.optimizer.nesterov") == [
        (0.9, True)
    ]


def test_a_field_that_the_kind_of_a_point_lacks_is_refused() -> None:
    document = minimal(
        training=training(optimizer=[{"kind": "sgd"}, {"kind": "adam"}]),
        when=[{"if": {"network.depth": 4}, "set": {"training.optimizer.momentum": 0.9}}],
    )

    with pytest.raises(SpecError) as caught:
        points(read(document))

    (issue,) = caught.value.issues
    assert issue.path == "when[0].set.training.optimizer.momentum"
    assert "the optimizer adam has no momentum" in issue.message


def test_a_value_that_the_kind_of_a_point_refuses_is_refused() -> None:
    document = minimal(
        training=training(schedule=[{"kind": "cosine"}, {"kind": "exponential"}]),
        when=[{"if": {"network.depth": 4}, "set": {"training.schedule.final_factor": 0}}],
    )

    with pytest.raises(SpecError) as caught:
        points(read(document))

    (issue,) = caught.value.issues
    assert issue.path == "when[0].set.training.schedule.final_factor"
    assert issue.message == "must be above 0"


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ({"if": {"init.g": {"eq": "aut"}}, "set": {"init.g": 1}}, "when[0].if.init.g.eq"),
        ({"if": {"init.g": {"in": [1, "x"]}}, "set": {"init.g": 1}}, "when[0].if.init.g.in[1]"),
        ({"if": {"init.g": {}}, "set": {"init.g": 1}}, "when[0].if.init.g"),
        (
            {"if": {"training.optimizer.kind": "adma"}, "set": {"init.g": 1}},
            "when[0].if.training.optimizer.kind",
        ),
        (
            {"if": {"training.optimizer": "adam"}, "set": {"init.g": 1}},
            "when[0].if.training.optimizer",
        ),
        (
            {"if": {"network.depth": 4}, "set": {"training.schedule": [{"kind": "constant"}]}},
            "when[0].set.training.schedule",
        ),
        (
            {"if": {"network.depth": 4}, "set": {"training.lr": {"uniform": [1, 2]}}},
            "when[0].set.training.lr",
        ),
        (
            {"if": {"network.depth": 4}, "set": {"training.optimizer.momentum": 2}},
            "when[0].set.training.optimizer.momentum",
        ),
    ],
)
def test_a_rule_with_an_issue_is_refused_at_its_path(rule: Plain, path: str) -> None:
    with pytest.raises(SpecError) as caught:
        read(minimal(when=[rule]))

    assert [issue.path for issue in caught.value.issues] == [path]
