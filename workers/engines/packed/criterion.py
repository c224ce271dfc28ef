"""Losses of a pack and their gradients with respect to the outputs."""

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor

from workers.engines.packed.allocation import allocate_all
from workers.engines.packed.buffers import Batch
from workers.engines.packed.nonlinearities import Operation
from workers.estimates.buffers import BatchPlan


class Criterion:
    """Operations for losses and their gradients; `Batch.share` has the weights of the samples.

    Attributes:
        losses: Minibatch loss by slot, shape ``(slots,)``.
    """

    def __init__(self, plan: BatchPlan, batch: Batch) -> None:
        """Make the buffers.

        Args:
            plan: Sizes of the batch.
            batch: Minibatches and their outputs.
        """
        self._batch = batch
        n_outputs, device = plan.shape.n_outputs, batch.share.device
        made = allocate_all(plan.criterion(), device)
        self._by_sample = made["by_sample"]
        smoothing = plan.shape.loss.label_smoothing
        self._minus_target = made["minus_target"].fill_(smoothing - 1.0).unsqueeze(1)
        self._squares = made.get("squares")
        # Tensors, because torch would convert a Python number at every call.
        self._part = batch.share.new_full((), 1.0 / n_outputs)
        self._slope = batch.share.new_full((), 2.0 / n_outputs)
        self._kept = batch.share.new_full((), 1.0 - smoothing)
        self._spread = batch.share.new_full((), smoothing / n_outputs)
        self._is_smoothed = smoothing != 0.0
        self.losses = allocate_all(plan.losses(), device)["losses"]

    def loss_operations(self, live: int) -> Sequence[Operation]:
        """Return the operations that compute the losses of the first slots from their outputs."""
        share, by_sample = self._batch.share[:live], self._by_sample[:live]
        return [
            *self._sample_losses(live, by_sample),
            partial(torch.mul, by_sample, share, out=by_sample),
            partial(torch.sum, by_sample, 1, out=self.losses[:live]),
            *self._smoothing(live, by_sample),
        ]

    def _smoothing(self, live: int, by_sample: Tensor) -> Sequence[Operation]:
        """Return the operations that add the loss of the evenly spread part of the targets."""
        # Without smoothing no operation is added, so that these curves do not change.
        if not self._is_smoothed:
            return []
        errors, share = self._batch.errors[:live], self._batch.share[:live]
        return [
            partial(torch.sum, errors, 1, out=by_sample),
            partial(
                self.losses[:live, None, None].baddbmm_,
                by_sample.unsqueeze(1),
                share.unsqueeze(2),
                alpha=-self._spread.item(),
            ),
        ]

    def error_operations(self, live: int) -> Sequence[Operation]:
        """Return the operations of the gradients with respect to the outputs.

        They start from the results of `loss_operations`.
        """
        errors = self._batch.errors[:live]
        share = self._batch.share[:live].unsqueeze(1)
        if self._squares is not None:
            return [partial(errors.mul_, share), partial(errors.mul_, self._slope)]
        labels = self._batch.labels[:live].unsqueeze(1)
        # Softmax minus target: `errors` contains the log probabilities.
        return [
            errors.exp_,
            partial(errors.scatter_add_, 1, labels, self._minus_target[:live]),
            *([partial(errors.sub_, self._spread)] if self._is_smoothed else []),
            partial(errors.mul_, share),
        ]

    def _sample_losses(self, live: int, by_sample: Tensor) -> Sequence[Operation]:
        outputs, errors = self._batch.outputs[:live], self._batch.errors[:live]
        if self._squares is not None:
            squares = self._squares[:live]
            return [
                partial(torch.sub, outputs, self._batch.x[:live].mT, out=errors),
                partial(torch.mul, errors, errors, out=squares),
                partial(torch.sum, squares, 1, out=by_sample),
                partial(by_sample.mul_, self._part),
            ]
        labels = self._batch.labels[:live].unsqueeze(1)
        return [
            partial(torch.log_softmax, outputs, 1, out=errors),
            partial(torch.gather, errors, 1, labels, out=by_sample.unsqueeze(1)),
            by_sample.neg_,
            *([partial(by_sample.mul_, self._kept)] if self._is_smoothed else []),
        ]
