"""Points: what a spec expands to, how many there are, and what makes two the same."""

import json
import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.spec import Point, SpecError, SweepSpec, count_trials, points, seeds_of
from tests.spec.documents import (
    Plain,
    documents,
    minimal,
    network,
    read,
    shuffled,
    training,
    unhurried,
)


def values(spec: SweepSpec, path: str) -> list[object]:
    return [point[path] for point in points(spec)]


def texts(spec: SweepSpec) -> list[str]:
    return [point.canonical() for point in points(spec)]


@unhurried
@given(documents())
def test_the_count_is_what_expansion_gives(document: Plain) -> None:
    spec = read(document)

    assert count_trials(spec) == len(points(spec)) * len(seeds_of(spec))


@unhurried
@given(documents())
def test_points_are_distinct(document: Plain) -> None:
    found = texts(read(document))

    assert len(set(found)) == len(found)


@unhurried
@given(st.data())
def test_the_order_of_keys_changes_neither_points_nor_their_order(data: st.DataObject) -> None:
    document = data.draw(documents())
    other = data.draw(shuffled(document))

    assert isinstance(other, dict)
    assert texts(read(other)) == texts(read(document))


def test_a_grid_is_the_product_of_its_axes() -> None:
    spec = read(minimal(network=network(depth=[1, 2], width=[3, 4]), seeds=5))

    assert [(p["network.depth"], p["network.width"]) for p in points(spec)] == [
        (1, 3),
        (1, 4),
        (2, 3),
        (2, 4),
    ]
    assert count_trials(spec) == 20


def test_a_point_has_every_coordinate_with_its_default() -> None:
    (point,) = points(read(minimal()))

    assert dict(point) == {
        "dataset.name": "digits",
        "dataset.task": "classify",
        "network.kind": "ffn",
        "network.activation": "relu",
        "network.slope": 0.01,
        "network.depth": 4,
        "network.width": 10,
        "init.scheme": "rwi",
        "init.g": "auto",
        "init.g_in": 1.0,
        "init.g_out": 1.0,
        "training.epochs": 1,
        "training.batch_size": 100,
        "training.optimizer.kind": "sgd",
        "training.optimizer.momentum": 0.0,
        "training.optimizer.nesterov": False,
        "training.optimizer.weight_decay": 0.0,
        "training.optimizer.clip_norm": None,
        "training.lr": 0.1,
        "training.lr_depth_power": 0.0,
        "training.lr_beta_power": "auto",
        "training.schedule.kind": "constant",
        "training.schedule.warmup_epochs": 0.0,
        "training.label_smoothing": 0.0,
        "training.freeze": "none",
        "training.precision": "float32",
    }


def test_the_canonical_text_leaves_defaults_out_however_they_are_written() -> None:
    bare = read(minimal())
    spelled = read(
        minimal(
            dataset={"name": "digits"},
            init={"g": "auto", "g_in": 1, "scheme": "rwi"},
            training=training(
                batch_size=100,
                optimizer={"kind": "sgd", "momentum": 0},
                schedule={"kind": "constant"},
            ),
        )
    )

    assert texts(spelled) == texts(bare)
    assert texts(bare) == [
        '{"network.activation":"relu","network.depth":4,"network.width":10,'
        '"training.epochs":1,"training.lr":0.1}'
    ]


def test_one_and_one_point_zero_are_the_same_coordinate() -> None:
    whole, decimal = (
        read(minimal(init={"g": g}, training=training(lr=g, lr_depth_power=zero)))
        for g, zero in ((1, 0), (1.0, -0.0))
    )

    assert texts(whole) == texts(decimal)
    assert whole.sha256() == decimal.sha256()


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ({"linspace": [1, 9, 3]}, [1, 5, 9]),
        ({"linspace": [9, 1, 3]}, [9, 5, 1]),
        ({"linspace": [1, 4, 9]}, [1, 2, 3, 4]),
        ({"linspace": [7, 9, 1]}, [7]),
        ({"logspace": [4, 256, 4]}, [4, 16, 64, 256]),
        ({"logspace": [1, 100_000, 2]}, [1, 100_000]),
    ],
)
def test_a_generated_grid_of_whole_numbers(axis: Plain, expected: list[int]) -> None:
    spec = read(minimal(network=network(depth=axis)))

    assert values(spec, "network.depth") == expected
    assert count_trials(spec) == len(expected)


@pytest.mark.parametrize(
    ("axis", "expected"),
    [
        ({"linspace": [0.1, 0.5, 5]}, [0.1, 0.2, 0.3, 0.4, 0.5]),
        ({"logspace": [1e-3, 1e-1, 3]}, [0.001, 0.01, 0.1]),
        ({"logspace": [1e-300, 1e300, 3]}, [1e-300, 1.0, 1e300]),
        ({"linspace": [1, 2, 1]}, [1.0]),
    ],
)
def test_a_generated_grid_equals_the_list_a_person_would_write(
    axis: Plain, expected: list[float]
) -> None:
    assert values(read(minimal(training=training(lr=axis))), "training.lr") == expected


def test_a_huge_grid_is_counted_at_once_and_never_expanded() -> None:
    thousand = {"linspace": [1, 1000, 1000]}
    spec = read(
        minimal(
            network=network(depth=thousand, width=thousand),
            training=training(lr={"logspace": [1e-3, 1, 1000]}, batch_size=thousand),
            seeds=2**31 - 1,
        )
    )
    start = time.process_time()

    assert count_trials(spec) == 10**12 * (2**31 - 1)
    with pytest.raises(SpecError, match=r"limits\.max_trials"):
        points(spec)
    assert time.process_time() - start < 0.5


def test_variants_are_a_union_and_their_fields_are_axes() -> None:
    spec = read(
        minimal(
            network=network(depth=[4, 8]),
            training=training(
                schedule=[
                    {"kind": "constant"},
                    {"kind": "exponential", "final_factor": [0.1, 0.2, 0.3]},
                ]
            ),
        )
    )
    found = points(spec)

    assert count_trials(spec) == len(found) == 2 * (1 + 3)
    assert [point.get("training.schedule.final_factor") for point in found[:4]] == [
        None,
        0.1,
        0.2,
        0.3,
    ]


def test_a_list_of_networks_is_a_grid_of_variants() -> None:
    spec = read(
        minimal(network=[network(depth=[1, 2]), network(activation="linear", width=[5, 6])])
    )

    assert [
        (p["network.activation"], p["network.depth"], p["network.width"]) for p in points(spec)
    ] == [
        ("relu", 1, 10),
        ("relu", 2, 10),
        ("linear", 4, 5),
        ("linear", 4, 6),
    ]


def test_a_list_of_g_mixes_numbers_words_and_relative_gains() -> None:
    spec = read(minimal(init={"g": [1.5, "auto", {"relative": [0.9, 1.1]}]}))

    assert [(p.get("init.g"), p.get("init.g.relative")) for p in points(spec)] == [
        (1.5, None),
        ("auto", None),
        (None, 0.9),
        (None, 1.1),
    ]


def test_variants_that_overlap_are_one_point_each() -> None:
    spec = read(minimal(network=[network(depth=[1, 2]), network(depth=[2, 3])]))

    assert values(spec, "network.depth") == [1, 2, 3]
    assert count_trials(spec) == 4


def test_linked_lists_advance_together() -> None:
    spec = read(
        minimal(
            network=network(depth=[1, 2, 3]),
            training=training(batch_size={"linspace": [10, 30, 3]}, lr=[0.1, 0.2]),
            link=[["training.batch_size", "network.depth"]],
        )
    )
    pairs = [(p["network.depth"], p["training.batch_size"], p["training.lr"]) for p in points(spec)]

    assert count_trials(spec) == len(pairs) == 6
    assert sorted(set(pairs)) == [(d, 10 * d, lr) for d in (1, 2, 3) for lr in (0.1, 0.2)]


def test_a_slope_is_a_coordinate_of_leaky_relu_only() -> None:
    spec = read(minimal(network=network(activation=["relu", "leaky_relu"], slope=[0.1, 0.2])))

    assert [(p["network.activation"], p["network.slope"]) for p in points(spec)] == [
        ("relu", 0.01),
        ("leaky_relu", 0.1),
        ("leaky_relu", 0.2),
    ]


def test_seeds_are_a_count_or_a_list() -> None:
    assert seeds_of(read(minimal(seeds=3))) == (0, 1, 2)
    assert seeds_of(read(minimal(seeds=[7, 3]))) == (7, 3)
    assert seeds_of(read(minimal())) == (0,)


@unhurried
@given(st.integers(0, 3), st.sampled_from(["random", "sobol"]))
def test_draws_stay_in_their_range(seed: int, kind: str) -> None:
    spec = read(
        minimal(
            network=network(
                depth={"uniform": [3, 5]},
                width={"log_uniform": [10, 1000]},
                activation={"choice": ["relu", "linear"]},
            ),
            training=training(lr={"log_uniform": [1e-3, 1e-1]}),
            search={"kind": kind, "n": 64, "seed": seed},
        )
    )
    found = points(spec)

    assert {point["network.depth"] for point in found} == {3, 4, 5}
    assert all(10 <= point.whole("network.width") <= 1000 for point in found)
    assert all(1e-3 <= point.number("training.lr") <= 1e-1 for point in found)
    assert {point["network.activation"] for point in found} == {"relu", "linear"}
    below = sum(point.number("training.lr") < 1e-2 for point in found)
    assert abs(below - 32) <= 4 * math.sqrt(16)  # half of them, within four standard errors


def drawn(kind: str, n: int, **changes: object) -> SweepSpec:
    document = minimal(
        training=training(lr={"log_uniform": [1e-3, 1]}, lr_depth_power={"uniform": [-2, 0]}),
        search={"kind": kind, "n": n, "seed": 1},
    )
    return read(document | changes)


@pytest.mark.parametrize("kind", ["random", "sobol"])
def test_a_draw_has_the_same_value_at_every_grid_point(kind: str) -> None:
    spec = drawn(kind, 3, network=network(depth=[4, 8]))
    rates: dict[object, list[object]] = {4: [], 8: []}
    for point in points(spec):
        rates[point["network.depth"]].append(point["training.lr"])

    assert rates[4] == rates[8]
    assert len(set(rates[4])) == 3


@pytest.mark.parametrize("kind", ["random", "sobol"])
@unhurried
@given(few=st.integers(1, 20), more=st.integers(1, 20))
def test_more_draws_keep_the_first_ones(kind: str, few: int, more: int) -> None:
    small, large = texts(drawn(kind, few)), texts(drawn(kind, few + more))

    assert large[:few] == small


def test_random_draws_of_a_path_do_not_depend_on_other_axes() -> None:
    one = read(minimal(training=training(lr={"uniform": [1, 2]}), search={"n": 4}))
    other = read(
        minimal(
            network=network(depth={"uniform": [1, 9]}),
            training=training(lr={"uniform": [1, 2]}),
            search={"n": 4},
        )
    )

    assert values(one, "training.lr") == values(other, "training.lr")


@pytest.mark.parametrize("kind", ["random", "sobol"])
def test_each_path_is_drawn_on_its_own(kind: str) -> None:
    spec = read(
        minimal(
            init={"g_in": {"uniform": [1, 2]}, "g_out": {"uniform": [1, 2]}},
            search={"kind": kind, "n": 8},
        )
    )

    assert not set(values(spec, "init.g_in")) & set(values(spec, "init.g_out"))


def test_another_seed_draws_other_values() -> None:
    axis = training(lr={"uniform": [1, 2]})
    first, second = (
        values(read(minimal(training=axis, search={"n": 4, "seed": seed})), "training.lr")
        for seed in (0, 1)
    )

    assert not set(first) & set(second)


def test_only_points_with_a_drawn_axis_are_multiplied() -> None:
    spec = read(
        minimal(
            network=network(depth=[4, 8]),
            training=training(
                schedule=[
                    {"kind": "constant"},
                    {"kind": "exponential", "final_factor": {"uniform": [0.1, 0.2]}},
                ]
            ),
            search={"n": 5},
        )
    )

    assert count_trials(spec) == len(points(spec)) == 2 * (1 + 5)


def test_draws_that_repeat_a_point_are_kept_once() -> None:
    spec = read(minimal(network=network(depth={"choice": [4, 8]}), search={"n": 50}))

    assert sorted(values(spec, "network.depth"), key=str) == [4, 8]
    assert count_trials(spec) == 50


@unhurried
@given(documents(), st.integers(301, 400))
def test_a_larger_grid_keeps_the_points_of_the_smaller(document: Plain, depth: int) -> None:
    larger = json.loads(json.dumps(document))
    depths = larger["network"]["depth"]
    larger["network"]["depth"] = [*(depths if isinstance(depths, list) else [depths]), depth]

    assert set(texts(read(document))) < set(texts(read(larger)))


def test_points_compare_by_their_coordinates() -> None:
    first, again = points(read(minimal()))[0], points(read(minimal()))[0]
    (other,) = points(read(minimal(network=network(depth=5))))

    assert first == again
    assert len({first, again, other}) == 2
    assert isinstance(first, Point)


def test_a_coordinate_is_asked_for_by_its_type() -> None:
    (point,) = points(read(minimal()))

    assert (point.whole("network.depth"), point.number("training.lr")) == (4, 0.1)
    assert point.number("training.optimizer.eps", 1e-8) == 1e-8
    with pytest.raises(TypeError, match=r"network\.activation is .* no whole number"):
        point.whole("network.activation")
    with pytest.raises(TypeError, match="no text"):
        point.text("network.depth")
    with pytest.raises(TypeError, match="no number"):
        point.number("init.g")
