"""Kinds of networks: a grammar made from the descriptions of architectures."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from service.spec import SpecError, SweepSpec, count_trials, points, seeds_of
from service.spec.expansion.coordinates import DEFAULTS, KINDS, defaults_of
from service.spec.grammar.networks import NETWORKS, network_models
from tests.spec.documents import (
    Plain,
    documents,
    issues_in,
    minimal,
    network,
    read,
    training,
    unhurried,
)
from workers.architectures import ARCHITECTURES, NumberHyperparameter
from workers.architectures.feed_forward import FeedForwardArchitecture

jsonschema = pytest.importorskip("jsonschema")


def residual(**changes: object) -> Plain:
    return network(kind="residual", **changes)


def rule(condition: Plain, override: Plain) -> list[Plain]:
    return [{"if": condition, "set": override}]


def coordinates(document: Plain, *names: str) -> list[tuple[object, ...]]:
    return [
        tuple(point.get(f"network.{name}") for name in names) for point in points(read(document))
    ]


class Scaled(FeedForwardArchitecture):
    """A kind with a hyper-parameter ``scale`` in (0.5, 2] and no rule for ``"auto"``."""

    def __init__(self, kind: str, default: float) -> None:
        self.kind = kind
        self.hyperparameters = (
            NumberHyperparameter(
                name="scale", description="a number", default=default, above=0.5, at_most=2.0
            ),
        )


def test_every_described_kind_has_a_model_and_the_first_is_the_default() -> None:
    first = next(iter(ARCHITECTURES))

    assert list(NETWORKS) == list(ARCHITECTURES)
    assert DEFAULTS["network.kind"] == first
    assert coordinates(minimal(), "kind") == [(first,)]


def test_a_kind_has_the_common_fields_and_its_own() -> None:
    common = ["kind", "activation", "slope", "depth", "width"]

    assert {kind: list(model.model_fields) for kind, model in NETWORKS.items()} == {
        kind: [*common, *(each.name for each in architecture.hyperparameters)]
        for kind, architecture in ARCHITECTURES.items()
    }


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("auto", ["auto"]),
        (1, [1.0]),
        ([0.5, "auto", 2], [0.5, "auto", 2.0]),
        ({"linspace": [0.1, 0.3, 3]}, [0.1, 0.2, 0.3]),
        ({"logspace": [0.01, 1, 3]}, [0.01, 0.1, 1.0]),
    ],
)
def test_a_hyperparameter_is_a_word_a_number_or_an_axis(
    written: object, expected: list[object]
) -> None:
    document = minimal(network=residual(branch_scale=written))

    assert coordinates(document, "branch_scale") == [(each,) for each in expected]
    assert count_trials(read(document)) == len(expected)


@pytest.mark.parametrize("form", [{"uniform": [0.1, 0.9]}, {"log_uniform": [0.1, 0.9]}])
def test_a_hyperparameter_can_be_drawn(form: Plain) -> None:
    document = minimal(network=residual(branch_scale=form), search={"n": 8})
    drawn = [point.number("network.branch_scale") for point in points(read(document))]

    assert len(set(drawn)) == 8
    assert all(0.1 <= each <= 0.9 for each in drawn)


def test_a_word_can_be_drawn_among_numbers() -> None:
    scale = {"choice": ["auto", 0.5]}
    document = minimal(network=residual(branch_scale=scale), search={"n": 50})

    assert set(coordinates(document, "branch_scale")) == {("auto",), (0.5,)}


def test_a_hyperparameter_can_be_linked() -> None:
    document = minimal(
        network=residual(depth=[4, 8], branch_scale=[0.5, 0.25]),
        link=[["network.depth", "network.branch_scale"]],
    )

    assert coordinates(document, "depth", "branch_scale") == [(4, 0.5), (8, 0.25)]


def test_two_kinds_stand_side_by_side() -> None:
    document = minimal(network=[network(depth=[4, 8]), residual(branch_scale=["auto", 0.5])])

    assert coordinates(document, "kind", "depth", "branch_scale") == [
        ("ffn", 4, None),
        ("ffn", 8, None),
        ("residual", 4, "auto"),
        ("residual", 4, 0.5),
    ]


@unhurried
@given(documents(), st.sampled_from(["auto", [0.5, "auto"], {"linspace": [0.1, 0.5, 3]}]))
def test_kinds_side_by_side_are_counted_and_distinct(document: Plain, scale: object) -> None:
    plain = document["network"]
    assert isinstance(plain, dict)
    document["network"] = [plain, {**plain, "kind": "residual", "branch_scale": scale}]
    spec = read(document)
    texts = {point.canonical() for point in points(spec)}

    assert len(texts) * len(seeds_of(spec)) == count_trials(spec)


def test_a_point_gives_the_hyperparameters_of_its_own_kind() -> None:
    document = minimal(network=[network(), residual(branch_scale=["auto", 2])])

    assert [dict(point.hyperparameters()) for point in points(read(document))] == [
        {},
        {"branch_scale": "auto"},
        {"branch_scale": 2.0},
    ]


@pytest.mark.parametrize("written", [{}, {"kind": "ffn"}])
def test_the_canonical_text_of_a_feed_forward_network_names_no_kind(written: Plain) -> None:
    document = minimal(
        network=network(depth=8, width=64, **written),
        init={"scheme": "rwi", "g": {"relative": 0.7}},
        training=training(
            epochs=20,
            batch_size=50,
            optimizer={"kind": "adam"},
            lr=0.003,
            lr_depth_power=-0.75,
            schedule={"kind": "exponential", "final_factor": 0.1},
        ),
    )
    (point,) = points(read(document))

    # Trials have their ids from this text: it stays as it is.
    assert point.canonical() == (
        '{"init.g.relative":0.7,"network.activation":"relu","network.depth":8,"network.width":64,'
        '"training.batch_size":50,"training.epochs":20,"training.lr":0.003,'
        '"training.lr_depth_power":-0.75,"training.optimizer.kind":"adam",'
        '"training.schedule.final_factor":0.1,"training.schedule.kind":"exponential"}'
    )


def test_the_canonical_text_of_another_kind_leaves_its_defaults_out() -> None:
    bare, spelled, other = (
        [point.canonical() for point in points(read(minimal(network=each)))]
        for each in (residual(), residual(branch_scale="auto"), residual(branch_scale=0.5))
    )

    assert bare == spelled != other
    assert bare == [
        '{"network.activation":"relu","network.depth":4,"network.kind":"residual",'
        '"network.width":10,"training.epochs":1,"training.lr":0.1}'
    ]


def test_a_default_is_that_of_the_points_own_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds = network_models([Scaled("first", 1.0), Scaled("second", 2.0)])
    monkeypatch.setitem(KINDS, "network", kinds)
    rest = {"training.optimizer.kind": "sgd", "training.schedule.kind": "constant"}
    defaults = [defaults_of({"network.kind": kind, **rest}) for kind in kinds]

    assert [each["network.scale"] for each in defaults] == [1.0, 2.0]
    assert [each["network.kind"] for each in defaults] == [DEFAULTS["network.kind"]] * 2


@pytest.mark.parametrize(
    ("scale", "accepted"), [(2, True), (0.6, True), (0.5, False), (2.1, False), ("auto", False)]
)
def test_a_hyperparameter_has_the_described_bounds(scale: object, accepted: bool) -> None:
    model = network_models([Scaled("scaled", 1.0)])["scaled"]
    written = network(kind="scaled", scale=scale)

    if accepted:
        assert model.model_validate(written).model_dump()["scale"] == scale
    else:
        with pytest.raises(ValidationError):
            model.model_validate(written)


@pytest.mark.parametrize(
    ("section", "path", "words"),
    [
        (network(kind="resnet"), "network.kind", "one of ffn, residual"),
        (network(kind="residul"), "network.kind", 'did you mean "residual"?'),
        (network(kind=None), "network.kind", "required: one of ffn, residual"),
        (network(kind=["ffn", "residual"]), "network.kind", "list of mappings"),
        ([network(), network(kind="resnet")], "network[1].kind", "one of ffn, residual"),
        (
            network(branch_scale=0.5),
            "network.branch_scale",
            "unknown key; allowed: kind, activation, slope, depth, width",
        ),
        (
            residual(branch_scal=0.5),
            "network.branch_scal",
            'width, branch_scale; did you mean "branch_scale"?',
        ),
        (residual(branch_scale=0), "network.branch_scale", "must be above 0"),
        (residual(branch_scale=[1, 2e6]), "network.branch_scale[1]", "at most 1000000"),
        (residual(branch_scale="aut"), "network.branch_scale", "auto or a number"),
        (residual(branch_scale=["auto", True]), "network.branch_scale[1]", "must be a number"),
        (residual(branch_scale=[1, 1.0]), "network.branch_scale[1]", "the same as [0]"),
        (
            residual(branch_scale={"linspace": ["auto", 1, 3]}),
            "network.branch_scale.linspace[0]",
            "must be a number",
        ),
        (residual(depth=0), "network.depth", "at least 1"),
        (residual(slope=0.2), "network.slope", "leaky_relu"),
        ([network(), residual(slope=0.2)], "network[1].slope", "leaky_relu"),
        ({"kind": "residual", "activation": "relu", "width": 4}, "network.depth", "required"),
    ],
)
def test_a_mistake_is_reported_at_its_path(section: object, path: str, words: str) -> None:
    found = issues_in(json.dumps(minimal(network=section)))

    assert set(found) == {path}
    assert words in found[path]


def test_a_rule_sets_a_hyperparameter_where_the_kind_has_it() -> None:
    document = minimal(
        network=[network(), residual(depth=[4, 8])],
        when=rule(
            {"network.kind": "residual", "network.depth": {"ge": 5}},
            {"network.branch_scale": 0.1},
        ),
    )

    assert coordinates(document, "kind", "depth", "branch_scale") == [
        ("ffn", 4, None),
        ("residual", 4, "auto"),
        ("residual", 8, 0.1),
    ]


@pytest.mark.parametrize(
    ("condition", "met"),
    [(0.5, [0.5]), ("auto", ["auto"]), ({"lt": 2}, [0.5]), ({"ne": 0.5}, ["auto", 2.0])],
)
def test_a_rule_reads_a_hyperparameter_of_the_kinds_that_have_it(
    condition: object, met: list[object]
) -> None:
    document = minimal(
        network=[network(), residual(branch_scale=["auto", 0.5, 2])],
        when=rule({"network.branch_scale": condition}, {"training.epochs": 9}),
    )
    changed = [point for point in points(read(document)) if point["training.epochs"] == 9]

    assert [point["network.branch_scale"] for point in changed] == met


def test_a_hyperparameter_that_the_kind_of_a_point_lacks_is_refused() -> None:
    document = minimal(
        network=[network(), residual()],
        when=rule({"network.depth": 4}, {"network.branch_scale": 0.1}),
    )

    with pytest.raises(SpecError) as caught:
        points(read(document))

    (issue,) = caught.value.issues
    assert issue.path == "when[0].set.network.branch_scale"
    assert "the network ffn has no branch_scale" in issue.message


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ({"network.width": 33}, (33, None)),
        ({"network.width": {"parameters": 9000}}, (None, 9000)),
        ({"network.width.parameters": 9000}, (None, 9000)),
    ],
)
def test_an_override_of_a_width_replaces_it_in_every_kind(
    override: Plain, expected: tuple[object, object]
) -> None:
    widths = [10, {"parameters": 5000}]
    document = minimal(
        network=[network(width=widths), residual(width=widths)],
        when=rule({"network.depth": 4}, override),
    )

    assert coordinates(document, "kind", "width", "width.parameters") == [
        ("ffn", *expected),
        ("residual", *expected),
    ]


def test_a_rule_replaces_a_whole_network() -> None:
    document = minimal(
        network=[network(width={"parameters": 5000}), residual(branch_scale=0.5)],
        when=[
            *rule({"network.kind": "ffn"}, {"network": residual(depth=6)}),
            *rule({"network.kind": "residual"}, {"network": network(depth=7)}),
        ],
    )

    names = ("kind", "depth", "width", "width.parameters", "branch_scale")
    assert coordinates(document, *names) == [
        ("residual", 6, 10, None, "auto"),
        ("ffn", 7, 10, None, None),
    ]


@pytest.mark.parametrize(
    ("condition", "override", "path", "words"),
    [
        ({"network.kind": "resnet"}, {"init.g": 1}, "if.network.kind", "one of ffn, residual"),
        ({"network": "residual"}, {"init.g": 1}, "if.network", "compare network.kind"),
        (
            {"network.width": {"eq": {"parameters": 5000}}},
            {"init.g": 1},
            "if.network.width.eq",
            "compare network.width.parameters instead",
        ),
        (
            {"network.depth": 4},
            {"network.kind": "residual"},
            "set.network.kind",
            "set the whole network",
        ),
        (
            {"network.depth": 4},
            {"network.branch_scale": 0},
            "set.network.branch_scale",
            "above 0",
        ),
        (
            {"network.depth": 4},
            {"network.branch_scale": [1, 2]},
            "set.network.branch_scale",
            "not an axis",
        ),
        (
            {"network.depth": 4},
            {"network": {"kind": "residual", "activation": "relu", "width": 4}},
            "set.network.depth",
            "required",
        ),
        ({"network.depth": 4}, {"network": [residual()]}, "set.network", "not an axis"),
        (
            {"network.depth": 4},
            {"network.width": 4, "network.width.parameters": 9},
            "set.network.width.parameters",
            "this rule already sets network.width",
        ),
    ],
)
def test_a_mistake_in_a_rule_is_reported_at_its_path(
    condition: Plain, override: Plain, path: str, words: str
) -> None:
    found = issues_in(json.dumps(minimal(when=rule(condition, override))))

    assert set(found) == {f"when[0].{path}"}
    assert words in found[f"when[0].{path}"]


def test_the_schema_names_and_describes_each_kind() -> None:
    definitions = SweepSpec.model_json_schema()["$defs"]
    networks = {name: each for name, each in definitions.items() if name.endswith("Network")}
    by_kind = {each["properties"]["kind"]["const"]: each for each in networks.values()}

    assert list(networks) == [each["title"] for each in networks.values()]
    assert {"FfnNetwork", "ResidualNetwork"} <= set(networks)
    assert by_kind.keys() == ARCHITECTURES.keys()
    for kind, architecture in ARCHITECTURES.items():
        assert by_kind[kind]["description"] == architecture.description
        for each in architecture.hyperparameters:
            field = by_kind[kind]["properties"][each.name]
            assert (field["description"], field["default"]) == (each.description, each.default)


@pytest.mark.parametrize(
    ("section", "valid"),
    [
        (network(), True),
        (network(kind="ffn"), True),
        (residual(branch_scale=["auto", 0.5]), True),
        ([network(), residual()], True),
        (network(branch_scale=0.5), False),
        (residual(branch_scale=0), False),
        (network(kind="resnet"), False),
    ],
)
def test_the_schema_accepts_each_kind_with_its_own_fields(section: object, valid: bool) -> None:
    validator = jsonschema.Draft202012Validator(SweepSpec.model_json_schema())

    assert validator.is_valid(minimal(network=section)) is valid
