"""The torch network with orthogonal additive filters: what it computes, gradients, precision."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Generator, Tensor

import rwinit
from rwinit import ArgumentError, RandomOrthogonalAdditiveFilters, draw_filter


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def network(
    depth: int = 6, width: int = 5, seed: int = 0, **given: object
) -> RandomOrthogonalAdditiveFilters:
    options = {"dtype": torch.float64, "generator": seeded(seed), "c": 2.0} | given
    return RandomOrthogonalAdditiveFilters(3, depth, width, 2, **options)  # type: ignore[arg-type]  # a mapping of options


def samples(count: int = 4, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(count, 3, generator=seeded(9), dtype=torch.float64).to(dtype)


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("filter", rwinit.FILTER_NAMES)
@pytest.mark.parametrize("activation", ["tanh", "gelu"])
def test_the_outputs_are_those_of_the_formula(activation: str, filter: str, shared: bool) -> None:
    net = network(filter=filter, shared_filter=shared, activation=activation)
    f = rwinit.activation_function(activation)
    x = samples()

    h = f(x @ net.first.weight.T + net.first.bias)
    for d in range(net.depth - 1):
        if net.filters is None:
            filtered = h
        else:
            chosen = net.filters[0 if shared else d]
            filtered = h @ chosen.T if filter == "haar" else torch.stack([s[chosen] for s in h])
        h = net.alpha * filtered + net.beta * f(h @ net.weight[d].T + net.bias[d])

    torch.testing.assert_close(net(x), h @ net.last.weight.T + net.last.bias)
    assert (net.alpha, net.beta) == (1 - 2 / 6, 2 / 6)


@pytest.mark.parametrize("filter", rwinit.FILTER_NAMES)
def test_gradients_are_those_of_finite_differences(filter: str) -> None:
    net = network(depth=4, width=3, filter=filter)
    x = samples(2).requires_grad_()

    def loss(x: Tensor, *parameters: Tensor) -> Tensor:
        names = [name for name, _ in net.named_parameters()]
        named = dict(zip(names, parameters, strict=True))
        result: Tensor = torch.func.functional_call(net, named, (x,))
        return result.square().sum()

    assert torch.autograd.gradcheck(loss, (x, *net.parameters()))


@pytest.mark.parametrize("depth", [2, 3, 17, 50])
def test_recomputed_states_give_the_same_gradients_bit_for_bit(depth: int) -> None:
    x = samples()
    gradients = []
    for checkpoint in (False, True):
        net = network(depth, checkpoint=checkpoint)
        net(x).square().sum().backward()
        gradients.append([parameter.grad for parameter in net.parameters()])

    for plain, recomputed in zip(*gradients, strict=True):
        assert plain is not None
        assert recomputed is not None
        assert torch.equal(plain, recomputed)
        assert float(plain.abs().sum()) > 0


def test_a_network_of_one_hidden_layer_has_no_filters_to_pass() -> None:
    net = network(depth=1, c=1.0)
    x = samples()

    expected = torch.tanh(x @ net.first.weight.T) @ net.last.weight.T

    torch.testing.assert_close(net(x), expected)
    net(x).sum().backward()


@pytest.mark.parametrize("shared", [False, True])
def test_filters_are_orthogonal_saved_and_not_trained(shared: bool) -> None:
    net = network(filter="haar", shared_filter=shared)

    assert net.filters is not None
    assert len(net.filters) == (1 if shared else 5)
    identity = torch.eye(5, dtype=torch.float64).expand_as(net.filters)
    torch.testing.assert_close(net.filters @ net.filters.mT, identity)
    assert "filters" in net.state_dict()
    assert "filters" not in dict(net.named_parameters())


def test_initial_weights_have_the_variances_of_their_factors() -> None:
    net = RandomOrthogonalAdditiveFilters(50, 30, 40, 60, filter="identity", dtype=torch.float64)
    net.reset_(g=1.5, g_in=0.5, g_out=2.0, generator=seeded())

    expected = [(net.first.weight, 0.25 / 50), (net.weight, 2.25 / 40), (net.last.weight, 4 / 40)]
    for weight, variance in expected:
        ratio = float(weight.detach().square().mean()) / variance
        assert abs(ratio - 1) < 4 * math.sqrt(2 / weight.numel())
    assert not any(bias.any() for bias in (net.bias, net.first.bias, net.last.bias))


def test_one_generator_state_gives_the_same_draw_for_every_dtype() -> None:
    double, single = network(), network(dtype=torch.float32)

    for one, other in zip(double.state_dict().values(), single.state_dict().values(), strict=True):
        assert torch.equal(one.float(), other)


def test_construction_draws_nothing_from_the_global_generator() -> None:
    state = torch.random.get_rng_state()
    RandomOrthogonalAdditiveFilters(3, 4, 5, 2)

    assert torch.equal(state, torch.random.get_rng_state())


def test_the_log_gradient_norm_of_a_network_has_its_law() -> None:
    depth, width, seeds = 40, 12, 60
    ends = []
    for seed in range(seeds):
        net = network(depth, width, seed, c=1.0)
        h = torch.tanh(net.first(torch.randn(1, 3, generator=seeded(seed), dtype=torch.float64)))
        first = h.detach().requires_grad_()
        last = net._layers(0, first, net.weight, net.bias)
        error = torch.randn(1, width, generator=seeded(seed + 1000), dtype=torch.float64)
        (back,) = torch.autograd.grad(last, first, error)
        ends.append(float((back.norm() / error.norm()).log()))

    law = rwinit.additive_filter_law("tanh", width, depth)
    assert law is not None
    mean = sum(ends) / seeds
    assert abs(mean - law.drift) < 4 * law.spread / math.sqrt(seeds)


@pytest.mark.parametrize(
    ("depth", "bound"), [(1000, 1e-4), pytest.param(50_000, 3e-3, marks=pytest.mark.slow)]
)
def test_the_float32_state_is_close_to_the_float64_one(depth: int, bound: float) -> None:
    single = network(depth, 16, dtype=torch.float32, c=1.0)
    double = network(depth, 16, c=1.0)
    # The float64 network has the rounded weights and filters, so that only arithmetic differs.
    double.load_state_dict(single.state_dict())
    x = samples()
    with torch.no_grad():
        exact, rounded = double.state(x), single.state(x.float()).double()

    error = float((rounded - exact).norm() / exact.norm())
    assert 0 < error < bound


def test_sgd_with_the_parameter_groups_moves_networks_of_all_depths_alike() -> None:
    x, moved = samples(), []
    for depth in (200, 2000):
        net = network(depth, 8, c=1.0)
        optimizer = torch.optim.SGD(net.parameter_groups(0.01))
        before = net(x).detach()
        before_loss = net(x).square().mean()
        before_loss.backward()
        optimizer.step()
        moved.append(float((net(x).detach() - before).norm() / before.norm()))

    assert [group["lr"] for group in net.parameter_groups(0.5, beta_power=0.0)] == [0.5, 0.5]
    for one, other in pairwise(moved):
        assert 0.5 < one / other < 2.0


def test_drawn_filters_are_repeatable_and_of_their_kind() -> None:
    haar = draw_filter("haar", 6, generator=seeded())
    again = draw_filter("haar", 6, generator=seeded())
    permutation = draw_filter("permutation", 6, generator=seeded())

    assert haar is not None
    assert again is not None
    assert permutation is not None
    assert torch.equal(haar, again)
    assert sorted(permutation.tolist()) == list(range(6))
    assert draw_filter("identity", 6, generator=seeded()) is None


def test_arguments_that_are_not_allowed_are_refused() -> None:
    with pytest.raises(ArgumentError, match="filter"):
        network(filter="none")
    with pytest.raises(ArgumentError, match="dtype"):
        network(dtype=torch.int64)
    with pytest.raises(ArgumentError, match="c must be"):
        network(c=7.0)
    with pytest.raises(ArgumentError, match="beta_power"):
        network(c=0.0).parameter_groups(0.1)
    with pytest.raises(ArgumentError, match="generator"):
        network().reset_(generator=None)  # type: ignore[arg-type]  # what is tested
