"""Initial weights of each scheme: what they do to signals, and equal bits in every engine."""

import math
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import rwinit
from tests.factories import varied
from tests.workers.examples import blobs, curve, kinds_of, trial
from workers import engines
from workers.contract import Activation, EngineName, Precision, Scheme, TrialSpec
from workers.datasets import Data
from workers.engines.states import PARAMETERS
from workers.engines.unit_variance import SAMPLES
from workers.seeding import epoch_order
from workers.training import run_pack, run_trial
from workers.training.frozen_network import FrozenNetwork
from workers.training.passes import forward, outputs

OTHERS = [Scheme.LOOKS_LINEAR, Scheme.LSUV, Scheme.LYAPUNOV, Scheme.LYAPUNOV_SAMPLED]

Arrays = dict[str, NDArray[Any]]


def start_of(spec: TrialSpec, data: Data | None = None) -> Arrays:
    """Return the initial parameters of a trial."""
    engine = engines.create(spec, data or blobs(), "cpu", slots=2)
    engine.add(spec)
    return dict(engine.save(spec.trial_id).arrays)


def same(one: Arrays, two: Arrays) -> bool:
    return one.keys() == two.keys() and all(np.array_equal(one[key], two[key]) for key in one)


def matrices(spec: TrialSpec, arrays: Arrays) -> list[NDArray[Any]]:
    hidden = arrays.get(f"{PARAMETERS}.hidden.weight", ())
    ends = (arrays[f"{PARAMETERS}.{name}.weight"][0] for name in ("first", "last"))
    first, last = ends
    return [first, *hidden, last]


@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("precision", Precision)
@pytest.mark.parametrize("kind", kinds_of(EngineName.PACKED))
def test_engines_start_with_equal_bits(kind: str, precision: Precision, scheme: Scheme) -> None:
    spec = trial(kind=kind, scheme=scheme, precision=precision, depth=6, width=36)

    starts = [start_of(varied(spec, engine=engine)) for engine in EngineName]

    assert same(*starts)


@pytest.mark.parametrize("scheme", OTHERS)
@pytest.mark.parametrize("kind", ["ffn", "residual"])
def test_a_trial_starts_in_a_pack_as_it_does_alone(kind: str, scheme: Scheme) -> None:
    spec = trial(kind=kind, scheme=scheme, engine=EngineName.PACKED, depth=6, width=36)
    other = varied(spec, trial_id=UUID(int=2), seed=9, depth=11, scheme=Scheme.RWI, momentum=0.5)
    engine = engines.create(spec, blobs(), "cpu", slots=2)

    engine.add(other)
    engine.add(spec)

    assert same(dict(engine.save(spec.trial_id).arrays), start_of(spec))


@pytest.mark.parametrize("scheme", OTHERS)
@pytest.mark.parametrize("engine", EngineName)
def test_a_curve_in_a_pack_is_the_curve_alone(engine: EngineName, scheme: Scheme) -> None:
    data, spec = blobs(), trial(scheme=scheme, engine=engine, g=1.0)
    other = varied(spec, trial_id=UUID(int=2), seed=9, depth=7)

    pack = curve(run_pack([other, spec], data))

    assert [each for each in pack if each.trial_id == spec.trial_id] == curve(run_trial(spec, data))


@pytest.mark.parametrize("scheme", Scheme)
def test_a_deeper_network_begins_with_the_matrices_of_a_shallower_one(scheme: Scheme) -> None:
    spec = trial(scheme=scheme, width=12, depth=4)

    shallow = matrices(spec, start_of(spec))
    deep = matrices(spec, start_of(varied(spec, depth=9)))

    assert all(np.array_equal(*pair) for pair in zip(shallow[:-1], deep[:-1], strict=False))
    # LSUV scales the last matrix by what the layers before it give.
    assert np.array_equal(shallow[-1], deep[-1]) != (scheme is Scheme.LSUV)


@pytest.mark.parametrize("activation", [Activation.RELU, Activation.TANH, Activation.SOFTPLUS])
@pytest.mark.parametrize(("kind", "scale"), [("ffn", None), ("residual", 0.3)])
def test_lsuv_gives_every_layer_unit_variance_on_the_first_samples(
    kind: str, scale: float | None, activation: Activation
) -> None:
    data = blobs(n_train=3 * SAMPLES)
    spec = trial(kind=kind, scheme=Scheme.LSUV, activation=activation, depth=9, seed=3, width=20)
    if scale is not None:
        spec = trial(
            kind=kind, scheme=Scheme.LSUV, activation=activation, depth=9, seed=3, width=20,
            branch_scale=scale,
        )  # fmt: skip
    function = rwinit.nonlinearity(activation).function

    h = data.train_x[epoch_order(3, 1, len(data.train_x))[:SAMPLES]].astype(np.float64)
    for place, weight in enumerate(matrices(spec, start_of(spec, data))):
        before = h @ weight.T.astype(np.float64)
        assert before.var() == pytest.approx(1.0, rel=1e-5)
        skip = place > 0 and scale is not None and h.shape == before.shape
        h = h + scale * function(before) if skip and scale is not None else function(before)


def test_lsuv_keeps_matrices_orthogonal() -> None:
    spec = trial(scheme=Scheme.LSUV, precision=Precision.FLOAT64, depth=5)

    for weight in matrices(spec, start_of(spec)):
        sizes = np.linalg.svd(weight, compute_uv=False)
        assert sizes == pytest.approx(np.full(len(sizes), sizes[0]))


def test_lsuv_depends_on_the_samples_and_the_seed_and_not_on_the_batch_size() -> None:
    spec = trial(scheme=Scheme.LSUV)
    base, more = start_of(spec), blobs(n_train=60)

    assert same(base, start_of(varied(spec, batch_size=3)))
    assert not same(base, start_of(varied(spec, seed=1)))
    assert not same(base, start_of(spec, more))


def test_lsuv_leaves_layers_alone_that_nothing_reaches() -> None:
    # One ReLU unit per layer is dead for every sample after a negative weight or two.
    spec = trial(scheme=Scheme.LSUV, width=1, depth=30, g=1.0)

    found = matrices(spec, start_of(spec))

    assert all(np.isfinite(weight).all() for weight in found)
    assert [abs(float(weight[0, 0])) for weight in found[20:30]] == [1.0] * 10


def test_the_matrices_of_looks_linear_are_mirrored() -> None:
    spec = trial(scheme=Scheme.LOOKS_LINEAR, precision=Precision.FLOAT64, g=1.5)
    first, *hidden, last = matrices(spec, start_of(spec))

    assert np.array_equal(first[4:], -first[:4])
    assert np.array_equal(last[:, 4:], -last[:, :4])
    for weight in hidden:
        block = weight[:4, :4]
        assert np.array_equal(weight, np.block([[block, -block], [-block, block]]))
        assert block @ block.T == pytest.approx(1.5**2 * np.eye(4), abs=1e-12)


@pytest.mark.parametrize("kind", ["ffn", "residual"])
def test_a_looks_linear_network_computes_a_linear_function(kind: str) -> None:
    spec = trial(kind=kind, scheme=Scheme.LOOKS_LINEAR, precision=Precision.FLOAT64, depth=20)
    engine = engines.create(spec, blobs(), "cpu")
    engine.add(spec)
    network = FrozenNetwork(spec, engine)
    one, two = torch.randn(2, 5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(1))

    def answer(x: torch.Tensor) -> torch.Tensor:
        return outputs(network, forward(network, x).inputs[-1])

    torch.testing.assert_close(answer(2.0 * one - 3.0 * two), 2.0 * answer(one) - 3.0 * answer(two))


def test_an_odd_width_of_looks_linear_is_refused_by_the_engine_too() -> None:
    with pytest.raises(rwinit.ArgumentError, match="even where it is mirrored"):
        start_of(trial(scheme=Scheme.LOOKS_LINEAR, width=7))


def test_lyapunov_is_the_draw_of_rwi() -> None:
    spec = trial(scheme=Scheme.LYAPUNOV)

    assert same(start_of(spec), start_of(varied(spec, scheme=Scheme.RWI)))


@pytest.mark.parametrize("factor", [1.0, 1.1])
def test_sampled_matrices_have_an_exponent_near_that_of_their_g(factor: float) -> None:
    g = factor * rwinit.gain("relu", 16)
    spec = trial(scheme=Scheme.LYAPUNOV_SAMPLED, width=16, depth=100, g=g)
    _, *hidden, _ = matrices(spec, start_of(spec))
    _, *plain, _ = matrices(spec, start_of(varied(spec, scheme=Scheme.RWI)))
    x = torch.randn(4000, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(5))

    def exponents(weights: list[NDArray[Any]]) -> NDArray[np.float64]:
        return np.array(
            [rwinit.mean_log_gain(torch.tensor(w), x, activation="relu") for w in weights]
        )

    # The tolerance of 0.01, and the noise of the 1,024 directions on which it was measured.
    assert np.abs(exponents(hidden) - math.log(factor)).max() < 0.01 + 4 * 0.0108
    assert exponents(hidden).std() < 0.7 * exponents(plain).std()


def test_the_first_and_last_matrix_of_a_sampled_network_are_plain_draws() -> None:
    spec = trial(scheme=Scheme.LYAPUNOV_SAMPLED, g_in=2.0)
    sampled, plain = start_of(spec), start_of(varied(spec, scheme=Scheme.RWI))

    for name in ("first", "last"):
        key = f"{PARAMETERS}.{name}.weight"
        assert np.array_equal(sampled[key], plain[key])


def test_an_activation_without_an_exponent_is_refused_by_the_engine_too() -> None:
    with pytest.raises(rwinit.UnsupportedActivationError):
        start_of(trial(scheme=Scheme.LYAPUNOV_SAMPLED, activation=Activation.TANH))
