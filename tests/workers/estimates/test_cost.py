"""The cost model's arithmetic on made-up timings."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories import DIGITS, TIMINGS, trial_shape, trial_spec
from tests.workers.examples import of_kind
from workers.contract import Activation, OptimizerKind, Precision
from workers.estimates import CostModel, TrialShape
from workers.estimates.work import NO_WORK

MODEL = CostModel(TIMINGS)
BASE: dict[str, object] = {"depth": 100, "width": 64, "epochs": 3}
TRIAL = trial_shape(**BASE)


def seconds(trial: TrialShape, live: int = 1) -> float:
    return MODEL.trial_seconds(trial, DIGITS, live)


def with_rates(**seconds_each: float) -> CostModel:
    """Return a model in which all other work takes no time."""
    return CostModel(replace(TIMINGS, seconds_each=replace(NO_WORK, **seconds_each)))


def test_a_trials_multiply_adds_are_those_of_its_matrices() -> None:
    shape = trial_shape(**BASE | {"depth": 3, "width": 5})
    first, hidden, last = 64 * 5 + 5, 2 * (5 * 5 + 5), 5 * 10 + 10

    step = 100 * (2 * first + 3 * hidden + 3 * last) + 100 * 5  # A bias's gradient sums errors.
    full = (1437 + 360) * (first + hidden + last)
    probe = 2 * 100 * 2 * (first + hidden + last)  # In float64.

    model = with_rates(products=1.0)
    assert model.start_seconds(shape, DIGITS) == full + probe
    assert model.epoch_seconds(shape, DIGITS, 4) == pytest.approx(15 * step + full + probe)


def test_filters_add_a_product_forwards_and_one_backwards() -> None:
    base = trial_spec(depth=3, width=5)
    plain, permuted, filtered = (
        TrialShape.of(of_kind(base, "roaf", filter=each).configuration)
        for each in ("identity", "permutation", "haar")
    )
    model = with_rates(products=1.0)

    added = model.epoch_seconds(filtered, DIGITS, 1) - model.epoch_seconds(plain, DIGITS, 1)

    rows = filtered.rows(DIGITS)
    steps = -(-1437 // rows)
    probe = 2 * 2 * rows  # In float64, forwards and backwards.
    assert added == pytest.approx(2 * 5 * 5 * (2 * steps * rows + 1437 + 360 + probe))
    assert model.epoch_seconds(permuted, DIGITS, 1) == model.epoch_seconds(plain, DIGITS, 1)


def test_a_steps_calls_are_shared_and_its_numbers_are_not() -> None:
    steps = 15  # 1,437 samples, 100 at a time

    calls = with_rates(layer_passes=1.0).epoch_seconds(TRIAL, DIGITS, 4)
    numbers = with_rates(activations=1.0).epoch_seconds(TRIAL, DIGITS, 4)

    # A probe goes forward and back, and two chunks of samples forward.
    assert calls == pytest.approx(100 * (steps * 3 / 4 + 2 + 2))
    assert numbers == pytest.approx(100 * 64 * (100 * (steps * 3 + 2 * 2) + 1437 + 360))


def test_what_does_not_fit_a_cache_counts_by_the_byte_beyond_it() -> None:
    near, far = (trial_shape(**BASE | {"depth": depth}) for depth in (10, 1000))
    model = with_rates(distant_bytes=1.0)

    assert model.epoch_seconds(near, DIGITS, 1) == 0.0
    step = 4 * (far.parameters(DIGITS) + 1000 * 64 * 100) - (8 << 20)
    probe = 8 * (far.parameters(DIGITS) + 1000 * 64 * 100) - (8 << 20)
    assert model.epoch_seconds(far, DIGITS, 1) == pytest.approx(15 * step + probe)


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 101},
        {"width": 65},
        {"epochs": 4},
        {"profile_epochs": (0,)},
        {"optimizer": OptimizerKind.ADAM},
        {"momentum": 0.9},
        {"weight_decay": 0.1},
        {"clip_norm": 1.0},
        {"activation": Activation.TANH},
        {"precision": Precision.FLOAT64},
        {"batch_size": 10},
    ],
    ids=str,
)
def test_what_adds_work_adds_seconds(change: dict[str, object]) -> None:
    assert seconds(trial_shape(**BASE | change)) > seconds(TRIAL)


def test_a_trial_pays_its_start_once_and_its_ends_by_epoch() -> None:
    rates = TIMINGS.seconds_each
    slower = replace(rates, starts=rates.starts + 1.0, epoch_ends=rates.epoch_ends + 10.0)
    model = CostModel(replace(TIMINGS, seconds_each=slower))

    more = model.trial_seconds(TRIAL, DIGITS, 4) - seconds(TRIAL, 4)

    assert more == pytest.approx(1.0 + (1 + TRIAL.epochs) * 10.0)  # Epoch 0 has a record as well.


def test_a_steps_share_of_what_all_its_trials_take_together_falls() -> None:
    model = with_rates(steps=1.0, trial_steps=1.0)
    steps = 15  # 1,437 samples, 100 at a time

    assert model.epoch_seconds(TRIAL, DIGITS, 4) == pytest.approx(steps * (1.0 / 4 + 1.0))


def test_trials_that_run_together_share_the_calls() -> None:
    shares = [seconds(trial_shape(**BASE | {"width": 16}), live) for live in (1, 2, 8)]

    assert shares == sorted(shares, reverse=True)
    assert shares[0] < 8 * shares[2]


@given(st.integers(1, 5000), st.integers(1, 20_000), st.integers(1, 2000))
def test_every_shape_has_a_finite_positive_time(width: int, batch: int, depth: int) -> None:
    found = seconds(trial_shape(**BASE | {"width": width, "batch_size": batch, "depth": depth}))

    assert 0.0 < found < float("inf")


def test_gates_are_counted() -> None:
    plain = trial_shape(**BASE)
    network = of_kind(trial_spec(**BASE), "highway").network
    gated = replace(plain, network=network)
    gates = 99 * (64 * 64 + 64)

    products = with_rates(products=1.0)
    more = products.epoch_seconds(gated, DIGITS, 1) - products.epoch_seconds(plain, DIGITS, 1)
    assert more == pytest.approx(gates * (15 * 100 * 3 + 1437 + 360 + 2 * 100 * 2))
    for kind, ratio in (("layer_passes", 2.0), ("activations", 2.0)):
        model = with_rates(**{kind: 1.0})
        found = [model.epoch_seconds(each, DIGITS, 1) for each in (gated, plain)]
        assert found[0] == pytest.approx(ratio * found[1])
    # A sigmoid forward and one back; ReLU has no exponential, and the outputs' are the same.
    model = with_rates(exponentials=1.0)
    more = model.epoch_seconds(gated, DIGITS, 1) - model.epoch_seconds(plain, DIGITS, 1)
    assert more == pytest.approx(100 * 64 * (15 * 100 * 2 + 1437 + 360 + 2 * 2 * 100))
