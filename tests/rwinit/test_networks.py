"""The reference network: its structure, its forward pass, and the walk of its gradient."""

import math
from statistics import mean, stdev, variance

import pytest
import torch
from torch import Generator, Tensor

from rwinit import (
    ACTIVATION_NAMES,
    ACTIVATIONS,
    ArgumentError,
    FeedForward,
    UnsupportedActivationError,
    log_gain_law,
    scheme_gain,
)


def generators(count: int, seed: int = 0) -> list[Generator]:
    return [Generator().manual_seed(1000 * seed + d) for d in range(count)]


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_a_network_has_one_more_matrix_than_hidden_layers(depth: int) -> None:
    network = FeedForward(4, depth, 6, 3)

    shapes = [tuple(weight.shape) for weight in network.weights]
    assert shapes == [(6, 4), *[(6, 6)] * (depth - 1), (3, 6)]
    assert [len(bias) for bias in network.biases] == [6] * depth + [3]
    assert len(list(network.parameters())) == 2 * (depth + 1)


def test_construction_zeroes_parameters_and_draws_nothing() -> None:
    state = torch.get_rng_state()

    network = FeedForward(4, 3, 6, 2)

    assert all(not parameter.any() for parameter in network.parameters())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("activation", ACTIVATION_NAMES)
def test_the_forward_pass_is_the_formula_layer_by_layer(activation: str) -> None:
    network = FeedForward(4, 3, 6, 2, activation, dtype=torch.float64)
    network.reset_(scheme="he", generators=generators(4))
    with torch.no_grad():
        for d, bias in enumerate(network.biases):
            bias.fill_(0.1 * d - 0.2)
    x = torch.randn(5, 4, generator=Generator().manual_seed(9), dtype=torch.float64)

    h = x
    for weight, bias in list(zip(network.weights, network.biases, strict=True))[:-1]:
        h = ACTIVATIONS[activation](h @ weight.T + bias)
    expected = h @ network.weights[-1].T + network.biases[-1]
    torch.testing.assert_close(network(x), expected, rtol=1e-12, atol=1e-14)


def test_the_slope_reaches_the_hidden_layers() -> None:
    straight = FeedForward(4, 3, 6, 2, "leaky_relu", slope=1.0, dtype=torch.float64)
    straight.reset_(scheme="lecun", generators=generators(4))
    linear = FeedForward(4, 3, 6, 2, "linear", dtype=torch.float64)
    linear.load_state_dict(straight.state_dict())
    x = torch.randn(5, 4, generator=Generator().manual_seed(9), dtype=torch.float64)

    torch.testing.assert_close(straight(x), linear(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_reset_takes_the_scheme_s_own_gain_and_zeroes_biases(dtype: torch.dtype) -> None:
    chosen, given = (FeedForward(4, 4, 6, 2, dtype=dtype) for _ in range(2))
    for network in (chosen, given):
        torch.nn.init.ones_(network.biases[1])

    chosen.reset_(scheme="orthogonal", g_in=2.0, g_out=0.5, generators=generators(5))
    given.reset_(
        scheme="orthogonal",
        g=scheme_gain("orthogonal", "relu", 6),
        g_in=2.0,
        g_out=0.5,
        generators=generators(5),
    )

    for one, other in zip(chosen.parameters(), given.parameters(), strict=True):
        assert one.dtype == dtype
        assert torch.equal(one, other)
    assert all(not bias.any() for bias in chosen.biases)


def test_reset_asks_for_g_where_the_scheme_has_none() -> None:
    network = FeedForward(4, 4, 6, 2, "tanh")

    with pytest.raises(UnsupportedActivationError, match="give g explicitly"):
        network.reset_(scheme="rwi_paper", generators=generators(5))
    network.reset_(scheme="rwi_paper", g=1.2, generators=generators(5))

    assert all(bool(weight.any()) for weight in network.weights)


@pytest.mark.parametrize("name", ["n_inputs", "depth", "width", "n_outputs"])
@pytest.mark.parametrize("given", [0, -3, 2.0])
def test_a_size_that_is_no_count_is_refused_by_name(name: str, given: int) -> None:
    sizes = {"n_inputs": 4, "depth": 3, "width": 6, "n_outputs": 2, name: given}

    with pytest.raises(ArgumentError, match=f"{name} must be an integer from 1") as caught:
        FeedForward(sizes["n_inputs"], sizes["depth"], sizes["width"], sizes["n_outputs"])

    assert (caught.value.name, caught.value.given) == (name, given)


def test_an_unknown_activation_and_an_integer_dtype_are_refused() -> None:
    with pytest.raises(ArgumentError, match="activation must be one of linear, relu"):
        FeedForward(4, 3, 6, 2, "swish")
    with pytest.raises(ArgumentError, match="dtype must be a floating-point dtype"):
        FeedForward(4, 3, 6, 2, dtype=torch.int64)


DEPTH, WIDTH, SEEDS = 33, 20, 200


def log_norm_walk(network: FeedForward, generator: Generator) -> float:
    """Return ln Z over the D - 1 hidden matrices, for a Gaussian input and output error."""
    states: list[Tensor] = []
    # The input of a layer is h of the layer before: the gradient there is delta of [SA14].
    hooks = [
        layer.register_forward_pre_hook(lambda _, args: states.append(args[0]))
        for layer in list(network.layers)[1:]
    ]
    x = torch.randn(1, 8, generator=generator, dtype=torch.float64)
    error = torch.randn(1, 8, generator=generator, dtype=torch.float64)
    output: Tensor = network(x)
    for hook in hooks:
        hook.remove()
    first, last = torch.autograd.grad(output, [states[0], states[-1]], error)
    return math.log(first.square().sum() / last.square().sum())


def walks(activation: str, scheme: str) -> list[float]:
    network = FeedForward(8, DEPTH, WIDTH, 8, activation, dtype=torch.float64)
    values = []
    for seed in range(SEEDS):
        network.reset_(scheme=scheme, generators=generators(DEPTH + 1, seed))
        values.append(log_norm_walk(network, Generator().manual_seed(7_000_000 + seed)))
    return values


@pytest.mark.parametrize("activation", ["linear", "relu"])
@pytest.mark.parametrize(("scheme", "weights"), [("rwi", "gaussian"), ("orthogonal", "orthogonal")])
def test_the_unbiased_gain_leaves_the_gradient_s_walk_no_drift_and_the_predicted_spread(
    activation: str, scheme: str, weights: str
) -> None:
    sample = walks(activation, scheme)

    predicted = (DEPTH - 1) * log_gain_law(activation, WIDTH, weights=weights).variance
    # A sum of 32 steps is nearly normal; 1e-9 is for linear orthogonal layers, with no spread.
    assert abs(mean(sample)) <= 4 * stdev(sample) / math.sqrt(SEEDS) + 1e-9
    assert abs(variance(sample) - predicted) <= 5 * predicted * math.sqrt(2 / SEEDS) + 1e-9


def test_he_s_gain_drifts_by_a_quarter_more_than_depth_over_width() -> None:
    log_norms = [value / 2 for value in walks("relu", "he")]

    drift, error = mean(log_norms), stdev(log_norms) / math.sqrt(SEEDS)
    exact = (DEPTH - 1) * (log_gain_law("relu", WIDTH).mean + math.log(2)) / 2
    assert abs(drift - exact) <= 4 * error
    assert drift < -4 * error
    # -1.25 D / N is the leading order in 1 / N of the same drift.
    wide = 10_000
    per_layer = (log_gain_law("relu", wide).mean + math.log(2)) / 2
    assert per_layer * wide == pytest.approx(-1.25, rel=1e-3)
