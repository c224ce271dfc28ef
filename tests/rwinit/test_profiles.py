"""Profiles of live networks against gradients worked out by hand, and against the law."""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Generator, Tensor, nn

from rwinit import (
    ArgumentError,
    FeedForward,
    UnsupportedActivationError,
    compare_with_law,
    correlation_profile,
    gain,
    initialize,
    jacobian_singular_values,
    profile,
    walk_law,
    walk_law_of_widths,
)


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=seeded(seed), dtype=torch.float64)


def chain(*sizes: int, activation: Callable[[], nn.Module] = nn.ReLU) -> nn.Sequential:
    layers: list[nn.Module] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [nn.Linear(fan_in, fan_out, dtype=torch.float64), activation()]
    model = nn.Sequential(*layers[:-1])
    initialize(model, scheme="he", generator=seeded(9))
    return model


def test_a_profile_is_what_the_chain_rule_says() -> None:
    model, x, error = chain(5, 7, 6, 3, activation=nn.Tanh), normal(4, 5), normal(4, 3, seed=1)

    measured = profile(model, x, error)

    weights = [p.detach() for p in model.parameters() if p.ndim == 2]
    h = [x]
    for weight in weights[:-1]:
        h.append(torch.tanh(h[-1] @ weight.T))
    after, delta, log_weights = error, [], []
    for d in (2, 1, 0):
        log_weights.append((after.T @ h[d]).norm().log())
        delta.append(after @ weights[d])
        after = delta[-1] * (1 - h[d] ** 2)
    for rows, expected in (
        (measured.log_activations, torch.stack([value.norm(dim=1).log() for value in h])),
        (measured.log_errors, torch.stack([value.norm(dim=1).log() for value in delta[::-1]])),
        (measured.log_weight_gradients, torch.stack(log_weights[::-1])),
    ):
        np.testing.assert_allclose(rows, expected.numpy(), rtol=1e-10)
    np.testing.assert_allclose(measured.log_walk, measured.log_errors[1] - measured.log_errors[2])
    signal = measured.log_activations[2] - measured.log_activations[1]
    np.testing.assert_allclose(measured.log_signal_walk, signal)
    assert (measured.names, measured.widths) == (("0", "2", "4"), (5, 7, 6))


def test_in_place_activations_are_measured_like_others() -> None:
    plain = chain(5, 7, 6, 3)
    in_place = chain(5, 7, 6, 3, activation=lambda: nn.ReLU(inplace=True))

    one, other = (profile(model, normal(4, 5), normal(4, 3)) for model in (plain, in_place))

    np.testing.assert_array_equal(one.log_errors, other.log_errors)
    np.testing.assert_array_equal(one.log_weight_gradients, other.log_weight_gradients)


def test_a_profile_leaves_no_trace() -> None:
    model = chain(5, 7, 3)
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    x = normal(4, 5)

    with torch.no_grad():
        profile(model, x, normal(4, 3))
        correlation_profile(model, x, normal(4, 5))
        jacobian_singular_values(model, x[:1])

    assert not any(module._forward_hooks for module in model.modules())
    assert all(p.grad is None and not p.requires_grad for p in model.parameters())
    assert x.grad is None
    assert not x.requires_grad
    assert model.training


def test_hooks_go_also_when_the_network_raises() -> None:
    class Broken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(5, 5, dtype=torch.float64)

        def forward(self, x: Tensor) -> Tensor:
            self.layer(x)
            raise ZeroDivisionError

    model = Broken()

    with pytest.raises(ZeroDivisionError):
        profile(model, normal(4, 5), normal(4, 5))

    assert not model.layer._forward_hooks


def test_a_layer_called_twice_is_measured_twice() -> None:
    shared = nn.Linear(5, 5, dtype=torch.float64)
    model = nn.Sequential(shared, nn.Tanh(), shared)

    assert profile(model, normal(4, 5), normal(4, 5)).names == ("0", "0")


def test_norms_below_float32_s_squares_are_measured() -> None:
    model = FeedForward(5, 20, 50, 3, "relu")
    model.reset_(g=0.1, generators=[seeded(d) for d in range(21)])

    measured = profile(model, normal(2, 5).float(), normal(2, 3).float())

    assert measured.log_errors[0].max() < math.log(1e-20)
    assert np.isfinite(measured.log_errors).all()


def test_correlations_are_cosines_layer_by_layer() -> None:
    model, x, y = chain(5, 70, 70, 3), normal(4, 5), normal(4, 5, seed=2)

    cosines = correlation_profile(model, x, y)

    assert cosines.shape == (3, 4)
    expected = torch.cosine_similarity(x, y).numpy()
    np.testing.assert_allclose(cosines[0], expected, atol=1e-12)
    np.testing.assert_allclose(correlation_profile(model, x, 3 * x), 1, atol=1e-12)


def test_singular_values_are_those_of_the_product_of_matrices() -> None:
    model = chain(5, 7, 6, 3, activation=nn.Identity)
    product = torch.eye(5, dtype=torch.float64)
    for weight in (p.detach() for p in model.parameters() if p.ndim == 2):
        product = weight @ product

    values = jacobian_singular_values(model, normal(1, 5))

    np.testing.assert_allclose(values, torch.linalg.svdvals(product).numpy(), rtol=1e-10)


def test_a_fresh_network_is_compared_with_its_law() -> None:
    scores = []
    model = FeedForward(10, 20, 30, 4, dtype=torch.float64)
    for seed in range(60):
        model.reset_(generators=[seeded(1000 * seed + d) for d in range(21)])
        comparison = compare_with_law(
            model,
            normal(1, 10, seed=seed),
            normal(1, 4, seed=seed + 5000),
            activation="relu",
            g=gain("relu", 30),
        )
        scores.append(float(comparison.z_scores[0]))

    assert float(comparison.law.spread) == float(walk_law("relu", 30, 20).spread)
    assert abs(np.mean(scores)) < 4 / math.sqrt(60)
    assert abs(np.var(scores) - 1) < 5 * math.sqrt(2 / 60)


def test_a_network_of_unequal_widths_is_compared_with_its_own_law() -> None:
    model = chain(10, 30, 20, 25, 4)

    comparison = compare_with_law(
        model, normal(2, 10), normal(2, 4), activation="relu", g=math.sqrt(2)
    )

    law = walk_law_of_widths("relu", [30, 20, 25], g=math.sqrt(2))
    assert comparison.law == law or float(comparison.law.drift) == float(law.drift)
    with pytest.raises(UnsupportedActivationError):
        compare_with_law(model, normal(2, 10), normal(2, 4), activation="tanh", g=1.2)


def test_mistakes_are_refused_by_name() -> None:
    model = chain(5, 7, 3)
    with pytest.raises(ArgumentError, match=r"error must be of the output's shape, \(4, 3\)"):
        profile(model, normal(4, 5), normal(4, 2))
    with pytest.raises(ArgumentError, match="x must be a float tensor"):
        profile(model, torch.zeros(4, 5, dtype=torch.int64), normal(4, 3))
    with pytest.raises(ArgumentError, match="model must be one with two or more"):
        profile(nn.ReLU(), normal(4, 5), normal(4, 5))
    with pytest.raises(ArgumentError, match=r"model must be a torch\.nn\.Module"):
        profile(torch.relu, normal(4, 5), normal(4, 5))  # type: ignore[arg-type]  # a mistake on purpose
    with pytest.raises(ArgumentError, match="y must be of the shape of x"):
        correlation_profile(model, normal(4, 5), normal(3, 5))
    with pytest.raises(ArgumentError, match="x must be one sample"):
        jacobian_singular_values(model, normal(4, 5))
    with pytest.raises(ArgumentError, match="at most 4000000 entries"):
        jacobian_singular_values(nn.Linear(2001, 2001), torch.zeros(1, 2001))


@pytest.mark.slow
def test_two_hundred_real_networks_walk_by_the_law_and_he_s_drift_is_seen() -> None:
    width, depth, count = 100, 200, 200
    walks: dict[str, list[float]] = {"rwi": [], "he": []}
    model = FeedForward(20, depth, width, 10)
    shift = (depth - 1) * math.log(math.sqrt(2) / gain("relu", width))
    for seed in range(count):
        model.reset_(generators=[seeded(1000 * seed + d) for d in range(depth + 1)])
        x, error = normal(1, 20, seed=seed).float(), normal(1, 10, seed=seed + 10**6).float()
        walks["rwi"].append(float(profile(model, x, error).log_walk[0]))
        if seed < 20:
            # Every network is measured with RWI's g, and some with He's to see that a factor
            # of all matrices does to the walk what it has to.
            model.reset_(
                scheme="he", generators=[seeded(1000 * seed + d) for d in range(depth + 1)]
            )
            walks["he"].append(float(profile(model, x, error).log_walk[0]))

    rwi = np.array(walks["rwi"])
    np.testing.assert_allclose(np.array(walks["he"]) - rwi[:20], shift, atol=1e-3)
    law, he = walk_law("relu", width, depth), walk_law("relu", width, depth, g=math.sqrt(2))
    error_of_mean = float(law.spread) / math.sqrt(count)
    assert abs(rwi.mean()) < 4 * error_of_mean
    assert abs(rwi.var(ddof=1) / float(law.spread) ** 2 - 1) < 4 * math.sqrt(2 / count)
    assert abs((rwi + shift).mean() - float(he.drift)) < 4 * error_of_mean
    assert float(he.drift) < -4 * error_of_mean
