import hashlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.workers.examples import streams
from workers.generators import weight_generators
from workers.seeding import epoch_order, permutation, stream_seed

seeds = st.integers(0, 2**64)


def test_a_stream_seed_is_the_head_of_the_hash_of_its_name() -> None:
    digest = hashlib.sha256(b"fathom/order/3/12").hexdigest()

    assert stream_seed("order", 3, 12) == int(digest[:16], 16)


@given(seeds, st.integers(1, 1000), st.integers(0, 300))
def test_an_epoch_visits_every_sample_once(seed: int, epoch: int, n_samples: int) -> None:
    order = epoch_order(seed, epoch, n_samples)

    assert order.dtype == np.int64
    assert np.array_equal(np.sort(order), np.arange(n_samples))


def test_epochs_and_seeds_and_purposes_have_orders_of_their_own() -> None:
    orders = [
        epoch_order(0, 1, 50),
        epoch_order(0, 2, 50),
        epoch_order(1, 1, 50),
        permutation("elsewhere", 0, 1, 50),
    ]

    assert len({order.tobytes() for order in orders}) == len(orders)


def test_the_order_of_an_epoch_never_changes_between_releases() -> None:
    # Stored curves are only repeatable while this holds.
    assert epoch_order(0, 1, 10).tolist() == [8, 7, 5, 0, 2, 1, 4, 9, 3, 6]


def _normals(seed: int, depth: int, shape: tuple[int, int]) -> list[torch.Tensor]:
    return [
        torch.randn(shape, generator=stream) for stream in weight_generators(seed, streams(depth))
    ]


def test_nets_of_different_depth_share_their_first_matrices_and_their_last() -> None:
    shallow, deep = _normals(5, 3, (4, 4)), _normals(5, 6, (4, 4))

    assert len(shallow) == 4
    assert len(deep) == 7
    for d in range(3):
        assert torch.equal(shallow[d], deep[d])
    assert torch.equal(shallow[-1], deep[-1])


@pytest.mark.parametrize("depth", [1, 4])
def test_matrices_of_a_net_and_nets_of_other_seeds_share_no_draw(depth: int) -> None:
    draws = [*_normals(0, depth, (3, 3)), *_normals(1, depth, (3, 3))]

    assert len({draw.numpy().tobytes() for draw in draws}) == 2 * (depth + 1)
