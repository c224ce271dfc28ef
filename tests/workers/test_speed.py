"""A quick gate: the packed engine must stay well ahead of plain PyTorch.

Both sides run in turn in this process and are timed by its CPU clock, so that other jobs slow
both. `benchmarks.step` has the full table.
"""

from collections.abc import Iterator

import pytest
import torch

from benchmarks.measuring import Side, interleaved, ratio, sgemm_flops
from benchmarks.plain import plain_step
from benchmarks.step import Case, packed_side, trial
from workers.datasets import load


@pytest.fixture
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_flush_denormal(False)
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_one_thread")
@pytest.mark.parametrize(
    ("case", "least"), [(Case(50, 32), 4.5), (Case(20, 100), 1.4), (Case(100, 32, 0.5, True), 4.5)]
)
def test_a_packed_step_is_faster_than_a_plain_one(case: Case, least: float) -> None:
    data = load("digits", data_dir=None, registry_dir=None)
    plain = Side(plain_step(trial(case), data, flush=not case.as_shipped))

    seconds = interleaved(
        {"plain": plain, "packed": packed_side(case, data)}, rounds=7, round_seconds=0.05
    )

    found = ratio(seconds["plain"], seconds["packed"])
    share = case.flops(data) / min(seconds["packed"]) / sgemm_flops()
    # The best rounds: a neighbour on the core's other thread can spoil any one of them.
    assert found.high > least, f"{found}; {share:.0%} of the rate of a large product"
