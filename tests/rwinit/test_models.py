"""Initial weights of any module: order, factors, special structures, refusals."""

import math
from itertools import pairwise

import pytest
import torch
from torch import Generator, Tensor, nn

from rwinit import (
    MODEL_SCHEME_NAMES,
    ArgumentError,
    critical_point,
    gain,
    initialize,
    looks_linear_,
    lsuv_,
    mean_field_,
    orthogonal_,
    paper_gain,
    rwi_,
    scheme_draw_,
    scheme_gain,
)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


class Backwards(nn.Module):
    """A network whose layers are listed in the wrong order, with a convolution left alone."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Linear(20, 4)
        self.middle = nn.Linear(30, 20, bias=False)
        self.first = nn.Linear(8, 30)
        self.spare = nn.Conv1d(1, 1, 3)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.last(torch.relu(self.middle(torch.relu(self.first(x)))))
        return y


def chain(*sizes: int, activation: type[nn.Module] = nn.ReLU, bias: bool = True) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out, bias=bias, dtype=torch.float64), activation()]
    return nn.Sequential(*layers[:-1])


@pytest.mark.parametrize("scheme", [name for name in MODEL_SCHEME_NAMES if "_" not in name])
def test_layers_are_filled_in_their_order_with_the_factors_of_their_place(scheme: str) -> None:
    model = chain(8, 30, 20, 4)

    done = initialize(model, scheme=scheme, g_in=0.5, g_out=0.25, generator=seeded())

    generator, weights = seeded(), [p for p in model.parameters() if p.ndim == 2]
    factors = [0.5, scheme_gain(scheme, "relu", 30), 0.25]
    for weight, factor in zip(weights, factors, strict=True):
        unit = scheme_draw_(torch.empty_like(weight), scheme, generator=generator)
        torch.testing.assert_close(weight.detach(), factor * unit.detach())
    assert [layer.factor for layer in done] == factors
    assert [(layer.fan_in, layer.fan_out) for layer in done] == [(8, 30), (30, 20), (20, 4)]
    assert [layer.name for layer in done] == ["0", "2", "4"]
    assert all(not p.any() for p in model.parameters() if p.ndim == 1)


def test_an_example_gives_the_order_of_calls_and_other_layers_stay() -> None:
    model = Backwards()
    spare = model.spare.weight.detach().clone()

    listed = initialize(model, generator=seeded())
    called = initialize(model, generator=seeded(), example=torch.zeros(2, 8))

    assert [layer.name for layer in listed] == ["last", "middle", "first"]
    assert [layer.name for layer in called] == ["first", "middle", "last"]
    assert called[1].factor == gain("relu", 30)
    assert torch.equal(model.spare.weight, spare)
    assert not any(module._forward_pre_hooks for module in model.modules())


def test_a_given_gain_holds_for_every_scheme_and_a_simulated_one_knows_the_depth() -> None:
    model = chain(8, 20, 20, 20, 4, activation=nn.Tanh)

    for scheme in MODEL_SCHEME_NAMES:
        done = initialize(model, scheme=scheme, activation="tanh", g=1.7, generator=seeded())
        assert [layer.factor for layer in done] == [1.0, 1.7, 1.7, 1.0]
    done = initialize(model, activation="tanh", generator=seeded())

    assert done[1].factor == gain("tanh", 20, 3)
    assert initialize(model, scheme="rwi_paper", generator=seeded())[1].factor == paper_gain(
        "relu", 20
    )


def test_a_network_that_looks_linear_is_linear_and_orthogonal() -> None:
    model = chain(6, 12, 12, 12, 6)

    initialize(model, scheme="looks_linear", generator=seeded())

    x, y = torch.randn(2, 5, 6, dtype=torch.float64, generator=seeded(1))
    torch.testing.assert_close(model(x) + 2 * model(y), model(x + 2 * y))
    torch.testing.assert_close(model(x).norm(dim=1), x.norm(dim=1))


def test_looks_linear_needs_even_sides_where_it_mirrors() -> None:
    with pytest.raises(ArgumentError, match="weight's fan_out must be even"):
        looks_linear_(torch.empty(5, 4), generator=seeded())
    with pytest.raises(ArgumentError, match="even hidden widths"):
        initialize(chain(6, 5, 6), scheme="looks_linear", generator=seeded())
    weight = looks_linear_(torch.empty(5, 4), mirror_out=False, gain=2.0, generator=seeded())
    assert torch.equal(weight[:, :2], -weight[:, 2:])


def test_mean_field_draws_weights_and_biases_of_the_critical_point() -> None:
    weight, bias = torch.empty(2000, 300), torch.empty(2000)

    mean_field_(weight, bias, activation="tanh", q=0.8, generator=seeded())

    point = critical_point("tanh", q=0.8)
    variance = point.sigma_w**2 / 300
    assert weight.var().item() == pytest.approx(variance, rel=4 * math.sqrt(2 / weight.numel()))
    assert bias.std().item() == pytest.approx(point.sigma_b, rel=4 / math.sqrt(2 * 2000))
    relu = mean_field_(torch.empty(30, 40), None, activation="relu", generator=seeded())
    unit = scheme_draw_(torch.empty(30, 40), "lecun", generator=seeded())
    torch.testing.assert_close(relu, math.sqrt(2) * unit)
    with pytest.raises(ArgumentError, match="bias must be a vector"):
        mean_field_(weight, None, activation="tanh", generator=seeded())


def test_a_mean_field_model_has_random_biases_and_needs_them() -> None:
    model = chain(40, 50, 50, 40, activation=nn.Tanh)

    done = initialize(model, scheme="mean_field", activation="tanh", generator=seeded())

    assert done[1].factor == critical_point("tanh").sigma_w
    assert all(bool(p.any()) for p in model.parameters())
    with pytest.raises(ArgumentError, match="bias must be a vector"):
        initialize(
            chain(40, 50, 40, bias=False),
            scheme="mean_field",
            activation="tanh",
            generator=seeded(),
        )


def test_gains_of_single_matrices_follow_their_activation() -> None:
    unit = scheme_draw_(torch.empty(30, 20), "rwi", generator=seeded())
    haar = scheme_draw_(torch.empty(30, 20), "orthogonal", generator=seeded())

    tanh = rwi_(torch.empty(30, 20), activation="tanh", depth=6, generator=seeded())
    relu = orthogonal_(torch.empty(30, 20), activation="relu", generator=seeded())

    torch.testing.assert_close(tanh, gain("tanh", 20, 6) * unit)
    torch.testing.assert_close(relu, gain("relu", 20, weights="orthogonal") * haar)
    assert torch.equal(orthogonal_(torch.empty(30, 20), generator=seeded()), haar)


def test_lsuv_gives_every_layer_s_outputs_the_asked_variance() -> None:
    model = chain(8, 30, 20, 25, 4, activation=nn.Tanh)
    x = torch.randn(200, 8, dtype=torch.float64, generator=seeded(2))

    ends = lsuv_(model, x, variance=1.5, generator=seeded())

    h = x
    for layer, end in zip(list(model)[::2], ends, strict=True):
        a = layer(h).detach()
        assert float(a.var(correction=0)) == pytest.approx(1.5, rel=0.01)
        assert float(a.var(correction=0)) == pytest.approx(end)
        h = torch.tanh(a)
    assert not any(module._forward_hooks for module in model.modules())


def test_lsuv_refuses_what_does_not_vary() -> None:
    with pytest.raises(ArgumentError, match="example must be a batch that varies"):
        lsuv_(chain(8, 5, 4), torch.zeros(3, 8, dtype=torch.float64), generator=seeded())
    with pytest.raises(ArgumentError, match="variance must be"):
        lsuv_(chain(8, 5, 4), torch.ones(3, 8), variance=0.0, generator=seeded())
    with pytest.raises(ArgumentError, match="model must be a module that calls"):
        lsuv_(nn.ReLU(), torch.ones(3, 8), generator=seeded())


def test_mistakes_are_refused_by_name_and_nothing_is_written() -> None:
    model = chain(8, 20, 4)
    before = [p.detach().clone() for p in model.parameters()]
    mistakes: dict[str, object] = {
        "scheme": "kaiming",
        "activation": "swish",
        "g": -1.0,
        "g_in": math.nan,
        "g_out": math.inf,
        "slope": math.nan,
        "generator": 3,
    }

    for name, given in mistakes.items():
        with pytest.raises(ArgumentError) as caught:
            initialize(model, **{"generator": seeded(), name: given})  # type: ignore[arg-type]  # mistakes on purpose
        assert caught.value.name == name
    for broken in (nn.Linear(3, 4), nn.ReLU(), "model"):
        with pytest.raises(ArgumentError, match="model must be"):
            initialize(broken, generator=seeded())  # type: ignore[arg-type]  # a mistake on purpose

    for one, other in zip(before, model.parameters(), strict=True):
        assert torch.equal(one, other)
