import math

import pytest
import torch
from torch.nn import functional

from workers.contract import Loss, Task
from workers.engines.objective import batch_loss, count_errors, summed_loss


def _outputs_and_targets(task: Task) -> tuple[torch.Tensor, torch.Tensor]:
    stream = torch.Generator().manual_seed(0)
    outputs = 5 * torch.randn(400, 3, generator=stream)
    if task is Task.AUTOENCODE:
        return outputs, torch.randn(400, 3, generator=stream)
    return outputs, torch.randint(3, (400,), generator=stream)


@pytest.mark.parametrize("task", Task)
def test_a_full_pass_is_summed_in_float64(task: Task) -> None:
    outputs, targets = _outputs_and_targets(task)
    exact = outputs.double(), targets if task is Task.CLASSIFY else targets.double()

    summed = summed_loss(task, outputs, targets)

    # One sample at a time, added up by math.fsum, which rounds once.
    parts = [
        batch_loss(Loss(task=task), o[None], t[None]).item() for o, t in zip(*exact, strict=True)
    ]
    assert summed.dtype == torch.float64
    assert summed.item() == pytest.approx(math.fsum(parts), rel=1e-13)


def test_classification_is_by_cross_entropy_and_autoencoding_by_mean_square() -> None:
    outputs, labels = _outputs_and_targets(Task.CLASSIFY)
    right = functional.softmax(outputs, dim=1)[torch.arange(400), labels]
    torch.testing.assert_close(
        batch_loss(Loss(task=Task.CLASSIFY), outputs, labels),
        -right.log().mean(),
        rtol=1e-5,
        atol=0.0,
    )

    outputs, targets = _outputs_and_targets(Task.AUTOENCODE)
    torch.testing.assert_close(
        batch_loss(Loss(task=Task.AUTOENCODE), outputs, targets),
        (outputs - targets).pow(2).sum() / 1200,
    )


def test_errors_are_the_samples_whose_largest_output_is_not_their_label() -> None:
    outputs = torch.tensor([[1.0, 0.0], [0.0, 1.0], [3.0, 2.0]])

    assert count_errors(outputs, torch.tensor([0, 0, 1])).item() == 2
