"""Loss of training steps, and loss and error of full passes."""

from torch import Tensor
from torch.nn import functional

from workers.contract import Loss, Task


def batch_loss(loss: Loss, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the loss that a training step minimizes, a scalar in the dtype of the outputs.

    Args:
        loss: Description of the loss.
        outputs: Outputs of the last layer, shape ``(batch, n_outputs)``.
        targets: Labels, int64 of shape ``(batch,)``; the inputs when autoencoding.
    """
    if loss.task is Task.CLASSIFY:
        smoothing = loss.label_smoothing
        return functional.cross_entropy(outputs, targets, label_smoothing=smoothing)
    return functional.mse_loss(outputs, targets)


def summed_loss(task: Task, outputs: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the samples' losses without label smoothing, a float64 scalar.

    Args:
        task: Task of the network.
        outputs: Outputs of the last layer, shape ``(batch, n_outputs)``.
        targets: Targets as for `batch_loss`.
    """
    if task is Task.CLASSIFY:
        # With the samples contiguous, a CPU's softmax is three times as fast.
        log_probabilities = functional.log_softmax(outputs.T.contiguous().double(), dim=0)
        return -log_probabilities.gather(0, targets.unsqueeze(0)).sum()
    return (outputs.double() - targets.double()).square().mean(dim=1).sum()


def count_errors(outputs: Tensor, labels: Tensor) -> Tensor:
    """Return how many samples have their largest output at a wrong class, an int64 scalar."""
    # `max` returns the first of equal outputs, as `argmax` does, which is slow where the samples
    # are contiguous.
    return (outputs.max(dim=1).indices != labels).sum()
