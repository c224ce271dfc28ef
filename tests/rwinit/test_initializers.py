"""Initial weights: variances, orthogonality, the same draw for every dtype, refusals."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import Generator, Tensor

from rwinit import (
    SCHEME_NAMES,
    ArgumentError,
    UnsupportedActivationError,
    gain,
    glorot_,
    he_,
    initialize_,
    lecun_,
    orthogonal_,
    paper_gain,
    rwi_,
    rwi_paper_,
    scheme_draw_,
)

FAN_OUT, FAN_IN = 300, 200

Initializer = Callable[..., Tensor]

INITIALIZERS: dict[str, Initializer] = {
    "rwi_": rwi_,
    "rwi_paper_": rwi_paper_,
    "he_": he_,
    "glorot_": glorot_,
    "lecun_": lecun_,
    "orthogonal_": orthogonal_,
    **{f"unit {name}": partial(scheme_draw_, scheme=name) for name in SCHEME_NAMES},
}

VARIANCES: list[tuple[Initializer, float]] = [
    (rwi_, gain("relu", FAN_IN) ** 2 / FAN_IN),
    (partial(rwi_, activation="linear"), gain("linear", FAN_IN) ** 2 / FAN_IN),
    (partial(rwi_, activation="tanh", gain=1.2), 1.44 / FAN_IN),
    (rwi_paper_, paper_gain("relu", FAN_IN) ** 2 / FAN_IN),
    (partial(rwi_paper_, activation="linear"), paper_gain("linear", FAN_IN) ** 2 / FAN_IN),
    (he_, 2 / FAN_IN),
    (partial(he_, mode="fan_out"), 2 / FAN_OUT),
    (partial(he_, slope=0.5), 1.6 / FAN_IN),
    (glorot_, 2 / (FAN_IN + FAN_OUT)),
    (lecun_, 1 / FAN_IN),
    (partial(scheme_draw_, scheme="rwi"), 1 / FAN_IN),
    (partial(scheme_draw_, scheme="rwi_paper"), 1 / FAN_IN),
    (partial(scheme_draw_, scheme="he"), 1 / FAN_IN),
    (partial(scheme_draw_, scheme="lecun"), 1 / FAN_IN),
    (partial(scheme_draw_, scheme="glorot"), 2 / (FAN_IN + FAN_OUT)),
]


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def blank(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.full(shape, math.nan, dtype=dtype)


@pytest.mark.parametrize(("initializer", "variance"), VARIANCES)
def test_normal_initializers_have_mean_zero_and_their_variance(
    initializer: Initializer, variance: float
) -> None:
    weight = initializer(blank(FAN_OUT, FAN_IN), generator=seeded())

    n = weight.numel()
    assert abs(weight.mean().item()) < 4 * math.sqrt(variance / n)
    # The sample variance of n normals has a relative standard error of sqrt(2 / n).
    assert abs(weight.square().mean().item() / variance - 1) < 4 * math.sqrt(2 / n)
    assert abs((weight.square().square().mean() / variance**2).item() - 3) < 4 * math.sqrt(96 / n)


@pytest.mark.parametrize(
    ("exact", "multiple"), [(rwi_, gain("relu", 40)), (he_, math.sqrt(2)), (lecun_, 1.0)]
)
def test_gains_multiply_the_same_unit_draw(exact: Initializer, multiple: float) -> None:
    unit = scheme_draw_(blank(30, 40), "lecun", generator=seeded())

    weight = exact(blank(30, 40), generator=seeded())

    torch.testing.assert_close(weight, multiple * unit, rtol=1e-14, atol=0)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (7, 1), (40, 40), (64, 20), (20, 64)])
def test_orthogonal_vectors_of_the_shorter_side_are_orthogonal_and_as_long_as_the_gain(
    shape: tuple[int, int],
) -> None:
    weight = orthogonal_(blank(*shape), gain=1.5, generator=seeded())

    gram = weight @ weight.T if shape[0] <= shape[1] else weight.T @ weight
    torch.testing.assert_close(gram, 2.25 * torch.eye(min(shape), dtype=torch.float64))


def test_orthogonal_matrices_are_haar() -> None:
    generator, count = seeded(), 4000
    sample = torch.stack(
        [scheme_draw_(blank(3, 3), "orthogonal", generator=generator) for _ in range(count)]
    )

    # Under Haar the trace has mean 0 and mean square 1, entries have mean square 1/3, and det is
    # a fair coin; without the sign correction the trace's mean is off by tens of errors.
    trace = sample.diagonal(dim1=1, dim2=2).sum(dim=1)
    assert abs(trace.mean().item()) < 4 / math.sqrt(count)
    assert abs(trace.square().mean().item() - 1) < 4 * trace.square().std().item() / count**0.5
    assert abs(torch.linalg.det(sample).mean().item()) < 4 / math.sqrt(count)
    error = sample.square().std(dim=0) / math.sqrt(count)
    assert bool(((sample.square().mean(dim=0) - 1 / 3).abs() < 4 * error).all())


def test_orthogonal_draws_have_the_same_bits_on_any_number_of_threads() -> None:
    threads = torch.get_num_threads()
    draws = []
    try:
        for count in (1, 2, 4):
            torch.set_num_threads(count)
            draws.append(orthogonal_(blank(128, 128), generator=seeded()))
            assert torch.get_num_threads() == count
    finally:
        torch.set_num_threads(threads)

    assert torch.equal(draws[0], draws[1])
    assert torch.equal(draws[0], draws[2])


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_one_generator_state_gives_one_draw_for_every_dtype(name: str, dtype: torch.dtype) -> None:
    exact = INITIALIZERS[name](blank(17, 12), generator=seeded(3))
    generator = seeded(3)

    weight = INITIALIZERS[name](blank(17, 12, dtype=dtype), generator=generator)

    assert weight.dtype == dtype
    assert torch.equal(weight, exact.to(dtype))
    after = seeded(3)
    INITIALIZERS[name](blank(17, 12), generator=after)
    assert torch.equal(generator.get_state(), after.get_state())


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers_work_in_place_on_parameters_and_leave_the_global_generator_alone(
    name: str,
) -> None:
    parameter = torch.nn.Parameter(blank(4, 6))
    state = torch.get_rng_state()

    returned = INITIALIZERS[name](parameter, generator=seeded())

    assert returned is parameter
    assert parameter.requires_grad
    assert parameter.is_leaf
    assert bool(parameter.isfinite().all())
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize(
    "weight",
    [
        torch.zeros(3, 4, dtype=torch.int64),
        torch.zeros(3, 4, dtype=torch.complex64),
        torch.zeros(3),
        torch.zeros(2, 3, 4),
        torch.zeros(0, 4),
        torch.zeros(4, 0),
    ],
    ids=lambda weight: f"{weight.dtype} {tuple(weight.shape)}",
)
def test_what_is_no_float_matrix_is_refused(name: str, weight: Tensor) -> None:
    with pytest.raises(ArgumentError, match=r"weight must be a float matrix.*no side of 0"):
        INITIALIZERS[name](weight, generator=seeded())


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_generator_has_to_be_given(name: str) -> None:
    with pytest.raises(TypeError, match="generator"):
        INITIALIZERS[name](blank(3, 4))
    with pytest.raises(ArgumentError, match=r"generator must be a torch\.Generator; given 0"):
        INITIALIZERS[name](blank(3, 4), generator=0)


@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf])
def test_a_gain_that_is_negative_or_not_finite_is_refused(factor: float) -> None:
    for initializer in (rwi_, orthogonal_):
        with pytest.raises(ArgumentError, match="gain must be a finite number"):
            initializer(blank(3, 4), gain=factor, generator=seeded())


def test_other_mistakes_are_refused_by_name() -> None:
    weight = blank(3, 4)
    with pytest.raises(ArgumentError, match="mode must be one of fan_out, fan_in; given 'fan'"):
        he_(weight, mode="fan", generator=seeded())
    with pytest.raises(ArgumentError, match="scheme must be one of rwi"):
        scheme_draw_(weight, "kaiming", generator=seeded())
    with pytest.raises(UnsupportedActivationError):
        rwi_paper_(weight, activation="tanh", generator=seeded())
    assert bool(weight.isnan().all())


def stack(depth: int, width: int = 6) -> tuple[list[Tensor], list[Tensor]]:
    sizes = [5, *[width] * depth, 3]
    weights = [blank(out, into) for into, out in pairwise(sizes)]
    return weights, [blank(out) for out in sizes[1:]]


def generators(count: int) -> list[Generator]:
    return [seeded(100 + d) for d in range(count)]


@pytest.mark.parametrize("scheme", SCHEME_NAMES)
def test_a_stack_multiplies_first_hidden_and_last_matrices_by_their_own_factors(
    scheme: str,
) -> None:
    weights, biases = stack(depth=4)

    initialize_(
        weights, biases, scheme=scheme, g=1.3, g_in=0.5, g_out=0.25, generators=generators(5)
    )

    factors = [0.5, 1.3, 1.3, 1.3, 0.25]
    for weight, factor, generator in zip(weights, factors, generators(5), strict=True):
        unit = scheme_draw_(torch.empty_like(weight), scheme, generator=generator)
        torch.testing.assert_close(weight, factor * unit, rtol=1e-14, atol=0)
    assert all(not bias.any() for bias in biases)


def test_a_matrix_has_the_same_draw_whatever_the_depth() -> None:
    (shallow, shallow_biases), (deep, deep_biases) = stack(depth=3), stack(depth=9)

    initialize_(shallow, shallow_biases, scheme="rwi", g=1.4, generators=generators(4))
    initialize_(deep, deep_biases, scheme="rwi", g=1.4, generators=generators(10))

    for d in range(3):
        assert torch.equal(shallow[d], deep[d])


def test_a_stack_refuses_mistakes_by_name_and_writes_nothing() -> None:
    weights, biases = stack(depth=2)
    good = {"scheme": "rwi", "g": 1.0, "g_in": 1.0, "g_out": 1.0, "generators": generators(3)}
    mistakes = {
        "generators": generators(2),
        "generators[1]": [seeded(), 1, seeded()],
        "scheme": "kaiming",
        "g": -1.0,
        "g_in": math.nan,
        "g_out": math.inf,
    }

    for name, given in mistakes.items():
        with pytest.raises(ArgumentError) as caught:
            initialize_(weights, biases, **{**good, name.removesuffix("[1]"): given})  # type: ignore[arg-type]  # mistakes on purpose
        assert caught.value.name == name
    integers = [weights[0], weights[1].long(), weights[2]]
    for broken, zeroed, name in [
        (weights[:1], biases[:1], "weights"),
        (weights, biases[:2], "biases"),
        (integers, biases, "weights[1]"),
    ]:
        with pytest.raises(ArgumentError) as caught:
            initialize_(broken, zeroed, scheme="rwi", g=1.0, generators=generators(3))
        assert caught.value.name == name

    assert all(bool(tensor.isnan().all()) for tensor in weights + biases)
