import warnings

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from workers.engines.samples import Split
from workers.estimates.sizes import CHUNK

CPU = torch.device("cpu")


def _at_offset(x: NDArray[np.float32], offset: int) -> NDArray[np.float32]:
    memory = np.empty(x.size + offset, dtype=np.float32)
    moved = memory[offset:].reshape(x.shape)
    moved[:] = x
    return moved


@pytest.mark.parametrize("offset", [1, 2, 3])
def test_batches_are_aligned_wherever_the_data_lie(offset: int) -> None:
    x = np.random.default_rng(0).normal(size=(50, 7)).astype(np.float32)
    split = Split(_at_offset(x, offset), None, CPU)

    batches = [
        split.batch(torch.arange(5, 15), torch.float32)[0],
        split.head(20, torch.float32)[0],
        *(chunk for chunk, _ in split.chunks(torch.float32)),
    ]

    for batch in batches:
        assert batch.data_ptr() % 64 == 0
    assert np.array_equal(batches[0].numpy(), x[5:15])
    assert np.array_equal(batches[1].numpy(), x[:20])


def test_chunks_hold_every_sample_once_and_in_order() -> None:
    count = 2 * CHUNK + 345
    x = np.arange(count, dtype=np.float32)[:, None]
    labels = np.arange(count)

    chunks = list(Split(x, labels, CPU).chunks(torch.float64))

    assert [len(chunk) for chunk, _ in chunks] == [CHUNK, CHUNK, 345]
    assert torch.equal(torch.cat([chunk for chunk, _ in chunks])[:, 0].long(), torch.arange(count))
    found = [of_chunk for _, of_chunk in chunks if of_chunk is not None]
    assert torch.equal(torch.cat(found), torch.arange(count))


def test_read_only_arrays_are_taken_without_a_warning_and_never_written() -> None:
    x = np.ones((4, 2), dtype=np.float32)
    x.flags.writeable = False

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        batch, labels = Split(x, None, CPU).batch(torch.arange(4), torch.float32)
    batch.zero_()

    assert labels is None
    assert x.all()
