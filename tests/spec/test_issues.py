"""Every issue is reported with its exact path, in plain words, all of them at once."""

import json
import math

import pytest

from service.spec import Media, SpecError, parse
from tests.spec.documents import Plain, issues_in, minimal, network, training
from workers.datasets import NAME_RULE, is_name

_RULE = {"network.depth": {"ge": 3}}

MISTAKES: list[tuple[Plain, str, str]] = [
    (minimal(version=2), "version", "must be 1"),
    (minimal(nam="y"), "nam", 'did you mean "name"?'),
    (minimal(name=""), "name", "too short"),
    (minimal(name="a\nb"), "name", "printable"),
    (minimal(name="\ud800"), "name", "Unicode"),
    (minimal(network=network(depth=0)), "network.depth", "at least 1"),
    (minimal(network=network(depth=[4, 8, 0])), "network.depth[2]", "at least 1"),
    (minimal(network=network(depth=4.0)), "network.depth", "whole number"),
    (minimal(network=network(depth=True)), "network.depth", "whole number"),
    (minimal(network=network(depth="12")), "network.depth", "whole number"),
    (minimal(network=network(depth=10**400)), "network.depth", "at most"),
    (minimal(network=network(depth=[])), "network.depth", "too few"),
    (minimal(network=network(depth=[4, 8, 4])), "network.depth[2]", "the same as [0]"),
    (minimal(network=network(depth={"range": [1, 2]})), "network.depth", "whole number"),
    (minimal(network=network(depth={"linspace": [0, 9, 3]})), "network.depth.linspace[0]", "1"),
    (minimal(network=network(depth={"linspace": [4, 4, 3]})), "network.depth.linspace[1]", "diff"),
    (minimal(network=network(depth={"linspace": [1, 9]})), "network.depth.linspace[2]", "requ"),
    (minimal(network=network(depth={"linspace": [1, 9, 10**12]})), "network.depth.linspace[2]", ""),
    (
        minimal(network=network(depth={"linspace": [1, 9, 3], "by": 2})),
        "network.depth.by",
        "allowed: linspace",
    ),
    (minimal(network=network(width=-3)), "network.width", "at least 1"),
    (
        minimal(network=network(width={"parameters": 0})),
        "network.width.parameters",
        "at least 1",
    ),
    (minimal(network=network(activation="rleu")), "network.activation", 'did you mean "relu"?'),
    (minimal(network=network(activation={"uniform": [1, 2]})), "network.activation", "choice"),
    (minimal(network=network(slope=0.2)), "network.slope", "leaky_relu"),
    (minimal(network={"activation": "relu", "width": 4}), "network.depth", "required: hidden"),
    (minimal(network=[network(), network(depth=-1)]), "network[1].depth", "at least 1"),
    (minimal(network="relu"), "network", "mapping"),
    (minimal(init={"g": "aut"}), "init.g", "auto or a number"),
    (minimal(init={"g": True}), "init.g", "number"),
    (minimal(init={"g": [1.0, {"relative": "x"}]}), "init.g[1].relative", "number"),
    (minimal(init={"g": {"choice": [{"relative": 1}]}}), "init.g.choice[0]", "number"),
    (minimal(training=training(lr="fast")), "training.lr", "must be a number"),
    (minimal(training=training(lr=math.nan)), "training.lr", "finite"),
    (minimal(training=training(lr=[0.1, math.inf])), "training.lr[1]", "finite"),
    (minimal(training=training(lr=0)), "training.lr", "above 0"),
    (minimal(training=training(lr=[1, 1.0])), "training.lr[1]", "the same as [0]"),
    (minimal(training={"epochs": 1}), "training.lr", "required"),
    (
        minimal(training=training(lr={"log_uniform": [0, 1]})),
        "training.lr.log_uniform[0]",
        "above 0",
    ),
    (
        minimal(training=training(lr_depth_power={"uniform": [2, 1]})),
        "training.lr_depth_power.uniform[1]",
        "above the lower end",
    ),
    (
        minimal(training=training(schedule={"kind": "warp"})),
        "training.schedule.kind",
        "one of constant, exponential, step, cosine, linear, inverse_time, table",
    ),
    (minimal(training=training(schedule={})), "training.schedule.kind", "required"),
    (
        minimal(training=training(schedule=[{"kind": "constant"}, {"kind": "step"}])),
        "training.schedule[1].every_epochs",
        "required",
    ),
    (
        minimal(training=training(schedule={"kind": ["constant", "cosine"]})),
        "training.schedule.kind",
        "list of mappings",
    ),
    (
        minimal(training=training(schedule={"kind": "table", "points": [[0, 1], [2, 1], [2, 0]]})),
        "training.schedule.points[2][0]",
        "later",
    ),
    (
        minimal(training=training(schedule={"kind": "table", "points": [[1, 1]]})),
        "training.schedule.points[0][0]",
        "must be 0",
    ),
    (
        minimal(training=training(optimizer={"kind": "adam", "momentum": 0.9})),
        "training.optimizer.momentum",
        "allowed: kind, betas, eps",
    ),
    (
        minimal(training=training(optimizer={"nesterov": True})),
        "training.optimizer.nesterov",
        "momentum above 0",
    ),
    (
        minimal(training=training(optimizer={"nesterov": 1})),
        "training.optimizer.nesterov",
        "true or false",
    ),
    (minimal(seeds=[]), "seeds", "too few"),
    (minimal(seeds=[1, 2, 1]), "seeds[2]", "the same as [0]"),
    (minimal(seeds=0), "seeds", "at least 1"),
    (minimal(seeds=[-1]), "seeds[0]", "at least 0"),
    (minimal(search={"n": 3}), "search.n", "no axis is drawn"),
    (minimal(training=training(lr={"uniform": [1, 2]})), "search.n", "required"),
    (minimal(search={"kind": "grid"}), "search.kind", "one of random, sobol"),
    (minimal(link=[["network.depth"]]), "link[0]", "too few"),
    (
        minimal(
            network=network(depth=[1, 2], width=[1, 2, 3]),
            link=[["network.depth", "network.width"]],
        ),
        "link[0]",
        "network.depth has 2, network.width has 3",
    ),
    (
        minimal(network=network(depth=[1, 2]), link=[["network.depth", "network.width"]]),
        "link[0][1]",
        "list of at least two",
    ),
    (
        minimal(network=network(depth=[1, 2]), link=[["network.depth", "network.widht"]]),
        "link[0][1]",
        'did you mean "network.width"?',
    ),
    (
        minimal(
            network=network(depth=[1, 2], width=[3, 4]),
            link=[["network.depth", "network.width", "network.depth"]],
        ),
        "link[0][2]",
        "already linked at link[0][0]",
    ),
    (
        minimal(
            network=[network(depth=[1, 2]), network(depth=[3, 4])],
            training=training(lr=[0.1, 0.2]),
            link=[["network.depth", "training.lr"]],
        ),
        "link[0][0]",
        "outside a list of variants",
    ),
    (
        minimal(
            network=network(depth=[1, 2]),
            training=training(lr={"uniform": [1, 2]}),
            search={"n": 2},
            link=[["network.depth", "training.lr"]],
        ),
        "link[0][1]",
        "drawn axis cannot be linked",
    ),
    (
        minimal(when=[{"if": {"network.detph": 3}, "set": {"training.epochs": 2}}]),
        "when[0].if.network.detph",
        'did you mean "network.depth"?',
    ),
    (
        minimal(when=[{"if": {"network.depth": {"above": 3}}, "set": {"training.epochs": 2}}]),
        "when[0].if.network.depth.above",
        "allowed: eq, ne, lt, le, gt, ge, in",
    ),
    (
        minimal(when=[{"if": {"network.activation": "rleu"}, "set": {"training.epochs": 2}}]),
        "when[0].if.network.activation",
        "one of",
    ),
    (
        minimal(when=[{"if": {"network.activation": {"ge": 1}}, "set": {"training.epochs": 2}}]),
        "when[0].if.network.activation.ge",
        "only numbers",
    ),
    (
        minimal(when=[{"if": _RULE, "set": {"training.epochs": -1}}]),
        "when[0].set.training.epochs",
        "at least 0",
    ),
    (
        minimal(when=[{"if": _RULE, "set": {"training.epochs": [1, 2]}}]),
        "when[0].set.training.epochs",
        "not an axis",
    ),
    (
        minimal(when=[{"if": _RULE, "set": {"training.schedule": {"kind": "step"}}}]),
        "when[0].set.training.schedule.every_epochs",
        "required",
    ),
    (
        minimal(when=[{"if": _RULE, "set": {"training.schedule.kind": "cosine"}}]),
        "when[0].set.training.schedule.kind",
        "whole training.schedule",
    ),
    (
        minimal(when=[{"if": _RULE, "set": {"init.g": 1, "init.g.relative": 1}}]),
        "when[0].set.init.g.relative",
        "already sets init.g",
    ),
    (minimal(when=[{"if": {}, "set": {"training.epochs": 2}}]), "when[0].if", "too few"),
    (minimal(early_stopping={"kind": "median", "eta": 1}), "early_stopping.eta", "at least 2"),
    (minimal(profiles={"epochs": [0, 0]}), "profiles.epochs[1]", "the same as [0]"),
    (minimal(limits={"max_trials": 0}), "limits.max_trials", "at least 1"),
    (minimal(resources={"pack_size": "big"}), "resources.pack_size", "auto or a number"),
    (minimal(tags={"paper": 3}), "tags.paper", "text"),
    (minimal(priority=1.5), "priority", "whole number"),
]


@pytest.mark.parametrize(
    ("document", "path", "words"), MISTAKES, ids=[f"{path}: {words}" for _, path, words in MISTAKES]
)
def test_an_issue_is_reported_at_its_path_and_nowhere_else(
    document: Plain, path: str, words: str
) -> None:
    found = issues_in(json.dumps(document))

    assert list(found) == [path]
    assert words in found[path]


@pytest.mark.parametrize(("document", "path", "words"), MISTAKES)
def test_no_message_speaks_of_python_or_pydantic(document: Plain, path: str, words: str) -> None:
    message = issues_in(json.dumps(document))[path].lower()

    for jargon in ("input", "pydantic", "validat", "tuple", "dict", "instance", "int)", "nonetype"):
        assert jargon not in message


@pytest.mark.parametrize("name", ["mnist", "a", "a-1_b", "a" * 63])
def test_every_name_that_can_be_registered_can_be_asked_for(name: str) -> None:
    assert is_name(name)
    assert issues_in(json.dumps(minimal(dataset={"name": name}))) == {}


@pytest.mark.parametrize("name", ["", "Mine", "1st", "../up", "a" * 64, "mine\n", "é", "ma\u0131n"])
def test_a_name_that_nothing_can_be_registered_under_is_refused_by_the_same_rule(
    name: str,
) -> None:
    assert not is_name(name)
    assert issues_in(json.dumps(minimal(dataset={"name": name}))) == {"dataset.name": NAME_RULE}


def test_all_issues_of_a_document_are_reported_at_once() -> None:
    document = minimal(
        nam="y",
        seeds=5000,
        network=network(depth=[0, 8], width=[-3, 4], activation="rleu"),
        training=training(
            lr="fast", batch_size=[1, 2], schedule={"kind": "warp"}, optimizer={"nesterov": True}
        ),
        init={"g": True, "g_in": [], "g_out": [1, 2, 3], "scheme": [math.nan]},
        link=[["training.batch_size", "init.g_out"], ["network.depth", "init.g_in"], ["?"]],
        when=[
            {"if": {"network.depth": 8}, "set": {"training.epochs": "ten"}},
            {"if": {"network.depth": 8}, "sett": {}},
        ],
        limits={"max_trials": 100},
        early_stopping={"kind": "asha", "eta": math.inf},
    )
    text = json.dumps(document)[:-1] + ', "priority": 1, "priority": 2}'

    assert set(issues_in(text)) == {
        "nam",
        "network.depth[0]",
        "network.width[0]",
        "network.activation",
        "training.lr",
        "training.schedule.kind",
        "training.optimizer.nesterov",
        "init.g",
        "init.g_in",
        "init.scheme[0]",
        "link[0]",
        "link[2]",
        "when[0].set.training.epochs",
        "when[1].set",
        "when[1].sett",
        "limits.max_trials",
        "early_stopping.eta",
        "priority",
    }


def test_missing_sections_do_not_hide_the_other_issues() -> None:
    text = json.dumps({"version": 1, "link": [["network.depht", "init.g"]], "search": {"n": 0}})

    assert set(issues_in(text)) == {
        "name",
        "network",
        "training",
        "search.n",
        "link[0][0]",
        "link[0][1]",
    }


def test_an_issue_says_what_was_given_in_one_short_line() -> None:
    text = json.dumps(minimal(network=network(activation=["relu", "x" * 500])))

    with pytest.raises(SpecError) as caught:
        parse(text, Media.JSON)

    (issue,) = caught.value.issues
    assert issue.given.startswith('"xxx')
    assert len(issue.given) == 80
    assert str(caught.value).startswith("network.activation[1]: one of linear, relu")
