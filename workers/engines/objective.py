"""Losses that steps descend, and the loss and the error that full passes measure."""

from torch import Tensor
from torch.nn import functional

from workers.contract import Loss, Task


def batch_loss(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the loss that a step descends, a scalar in the dtype of the outputs.

    Args:
        loss: Which one.
        outputs: Of the last layer, shape ``(batch, n_outputs)``.
        targets: Labels, int64 of shape ``(batch,)``; when autoencoding the inputs.
    """
    if loss.task is Task.CLASSIFY:
        smoothing = loss.label_smoothing
        return functional.cross_entropy(outputs, targets, label_smoothing=smoothing)
    return functional.mse_loss(outputs, targets)


def summed_loss(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the samples' losses as full passes measure them, a float64 scalar.

    Args:
        task: What the network learns.
        outputs: Of the last layer, shape ``(batch, n_outputs)``.
        targets: As for `batch_loss`.
    """
    if task is Task.CLASSIFY:
        # With the samples side by side a CPU's softmax is three times as fast.
        chances = functional.log_softmax(outputs.T.contiguous().double(), dim=0)
        return -chances.gather(0, targets.unsqueeze(0)).sum()
    return (outputs.double() - targets.double()).square().mean(dim=1).sum()


def count_errors(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return how many samples have their largest output elsewhere, an int64 scalar."""
    # The first of equals, as `argmax`, which is slow where the samples lie side by side.
    return (outputs.max(dim=1).indices != labels).sum()
