"""Kinds of networks as data: groups, streams, counts, layers and laws of the feed-forward one."""

import pytest

from workers.architectures import (
    ARCHITECTURES,
    Architecture,
    Factor,
    Hypers,
    Layer,
    LayerRule,
    MatrixLaw,
    ParameterGroup,
    Skip,
    Source,
    UnknownKindError,
    WalkQuestion,
    architecture_of,
    parameter_count,
)
from workers.contract import Activation, Init, Network, Scheme

N_INPUTS, N_OUTPUTS, WIDTH = 7, 3, 5
PLAIN, LINEAR = LayerRule(), LayerRule(activated=False)


def network(depth: int, activation: Activation = Activation.TANH, slope: float = 0.3) -> Network:
    return Network(kind="ffn", activation=activation, slope=slope, depth=depth, width=WIDTH)


def groups(depth: int) -> dict[str, ParameterGroup]:
    found = ARCHITECTURES["ffn"].parameters(network(depth), N_INPUTS, N_OUTPUTS)
    return {group.name: group for group in found}


def defaults(kind: Architecture) -> Hypers:
    return {each.name: each.default for each in kind.hyperparameters}


def test_every_kind_describes_networks_that_name_it() -> None:
    for name, kind in ARCHITECTURES.items():
        made = kind.network(
            activation=Activation.RELU, slope=0.1, depth=3, width=4, written=defaults(kind)
        )

        assert kind.kind == name == made.kind
        assert type(made) is kind.network_type
        assert architecture_of(made) is kind
        assert all(hasattr(made, each.name) for each in kind.hyperparameters)


def test_a_kind_that_nobody_describes_is_refused_with_the_known_ones() -> None:
    unknown = Network(kind="torus", activation=Activation.RELU, slope=0.1, depth=3, width=4)

    with pytest.raises(UnknownKindError, match=r"'torus'; known: .*ffn"):
        architecture_of(unknown)


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_feed_forward_network_has_three_groups_in_the_order_of_saved_states(depth: int) -> None:
    found = ARCHITECTURES["ffn"].parameters(network(depth), N_INPUTS, N_OUTPUTS)

    assert [(each.name, each.fan_out, each.fan_in, each.count) for each in found] == [
        ("first", WIDTH, N_INPUTS, 1),
        ("hidden", WIDTH, WIDTH, depth - 1),
        ("last", N_OUTPUTS, WIDTH, 1),
    ]
    assert [each.factor for each in found] == [Factor.G_IN, Factor.G, Factor.G_OUT]
    assert {each.draw for each in found} == {MatrixLaw.SCHEME}
    assert all(each.trainable and not each.shared for each in found)


@pytest.mark.parametrize(("depth", "hidden"), [(1, ()), (2, (1,)), (5, (1, 2, 3, 4))])
def test_matrices_draw_from_numbered_streams_and_the_last_from_its_own(
    depth: int, hidden: tuple[int, ...]
) -> None:
    found = groups(depth)

    assert found["first"].streams == (0,)
    assert found["hidden"].streams == hidden
    assert found["last"].streams == ("out",)


def test_deeper_networks_share_the_streams_of_shallower_ones() -> None:
    deep, shallow = groups(5), groups(2)

    for name, group in shallow.items():
        assert deep[name].streams[: group.count] == group.streams


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_parameters_are_counted_with_their_biases(depth: int) -> None:
    found = groups(depth)

    assert found["hidden"].weights == (depth - 1) * WIDTH * WIDTH
    assert found["hidden"].biases == (depth - 1) * WIDTH
    layers = [(N_INPUTS + 1) * WIDTH, *[(WIDTH + 1) * WIDTH] * (depth - 1), (WIDTH + 1) * N_OUTPUTS]
    assert parameter_count(found.values()) == sum(layers)


def test_fixed_matrices_have_no_biases_and_are_not_counted() -> None:
    fixed = ParameterGroup(
        name="skip", fan_out=4, fan_in=4, count=3, stream=100, draw=MatrixLaw.HAAR, trainable=False
    )

    assert (fixed.weights, fixed.biases) == (48, 0)
    assert fixed.streams == (100, 101, 102)
    assert parameter_count([fixed]) == 0


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_layers_go_from_the_sample_through_the_hidden_matrices_to_a_linear_output(
    depth: int,
) -> None:
    hidden = [
        Layer(source=Source.PREVIOUS, group="hidden", place=place, rule=PLAIN)
        for place in range(depth - 1)
    ]

    assert ARCHITECTURES["ffn"].layers(network(depth)) == (
        Layer(source=Source.SAMPLE, group="first", place=0, rule=PLAIN),
        *hidden,
        Layer(source=Source.PREVIOUS, group="last", place=0, rule=LINEAR),
    )


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("depth", [1, 2, 5])
def test_layers_of_every_kind_use_each_matrix_that_there_is(kind: str, depth: int) -> None:
    architecture = ARCHITECTURES[kind]
    made = architecture.network(
        activation=Activation.RELU,
        slope=0.1,
        depth=depth,
        width=WIDTH,
        written=defaults(architecture),
    )
    found = architecture.parameters(made, N_INPUTS, N_OUTPUTS)

    layers = architecture.layers(made)

    assert len(layers) == depth + 1
    assert len({each.name for each in found}) == len(found)
    places = {(each.name, place) for each in found if each.trainable for place in range(each.count)}
    used = {(layer.group, layer.place) for layer in layers}
    used |= {(layer.gate_group, layer.place) for layer in layers if layer.gate_group}
    assert used == places
    behind_the_first = {layer.rule for layer in layers[1:-1]}
    assert behind_the_first <= {architecture.hidden_rule(made)}


def test_the_hidden_rule_of_a_feed_forward_network_is_plain() -> None:
    rule = ARCHITECTURES["ffn"].hidden_rule(network(3))

    assert rule == PLAIN
    assert (rule.skip, rule.branch_gain, rule.activated) == (Skip.NONE, 1.0, True)


def test_the_walk_of_a_simulated_activation_depends_on_the_inputs() -> None:
    kind = ARCHITECTURES["ffn"]

    walk = kind.walk(network(4), scheme=Scheme.RWI, g_in=2.0, n_inputs=N_INPUTS)
    gain = kind.gain_walk(network(4), scheme=Scheme.ORTHOGONAL, g_in=2.0)

    assert walk == WalkQuestion(
        activation=Activation.TANH,
        slope=0.0,
        depth=4,
        width=WIDTH,
        weights="gaussian",
        g_in=2.0,
        n_inputs=N_INPUTS,
    )
    assert gain == WalkQuestion(
        activation=Activation.TANH, slope=0.0, depth=4, width=WIDTH, weights="orthogonal", g_in=2.0
    )
    assert not walk.exact


@pytest.mark.parametrize(
    ("activation", "slope"),
    [(Activation.LINEAR, 0.0), (Activation.RELU, 0.0), (Activation.LEAKY_RELU, 0.3)],
)
def test_an_exact_walk_depends_on_nothing_of_the_inputs(
    activation: Activation, slope: float
) -> None:
    kind = ARCHITECTURES["ffn"]

    walk = kind.walk(network(4, activation), scheme=Scheme.HE, g_in=2.0, n_inputs=N_INPUTS)

    assert walk == kind.gain_walk(network(4, activation), scheme=Scheme.RWI, g_in=3.0)
    assert walk is not None
    assert walk.exact
    assert (walk.slope, walk.g_in, walk.n_inputs) == (slope, 1.0, None)


def test_factors_are_fields_of_the_initialisation() -> None:
    init = Init(scheme=Scheme.RWI, g=2.0, g_in=3.0, g_out=5.0)

    assert [factor.of(init) for factor in (Factor.G_IN, Factor.G, Factor.G_OUT)] == [3.0, 2.0, 5.0]
