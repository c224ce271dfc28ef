from collections.abc import Iterator

import pytest
import torch

from workers.engines.devices import fixed_arithmetic

SMALLEST_NORMAL = torch.finfo(torch.float32).tiny


@pytest.fixture(autouse=True)
def _processor_settings() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_flush_denormal(False)
    torch.set_num_threads(threads)


def _keeps_denormals() -> bool:
    return bool((torch.full((64,), SMALLEST_NORMAL) * 0.5).all())


def test_denormals_are_flushed_and_one_thread_computes_inside() -> None:
    torch.set_num_threads(2)
    assert _keeps_denormals()

    with fixed_arithmetic():
        assert not _keeps_denormals()
        assert torch.get_num_threads() == 1

    assert _keeps_denormals()
    assert torch.get_num_threads() == 2


def test_the_backward_pass_flushes_too() -> None:
    # It would not if autograd ran it in a thread of its own, as it does for other devices.
    x = torch.full((64, 64), 1.0, requires_grad=True)

    with fixed_arithmetic():
        (gradient,) = torch.autograd.grad(x * 0.5, x, torch.full((64, 64), SMALLEST_NORMAL))

    assert not gradient.any()


def test_a_setting_made_by_the_caller_is_kept() -> None:
    torch.set_flush_denormal(True)

    with fixed_arithmetic():
        pass

    assert not _keeps_denormals()


def test_settings_come_back_after_an_error() -> None:
    with pytest.raises(KeyError), fixed_arithmetic():
        raise KeyError

    assert _keeps_denormals()
