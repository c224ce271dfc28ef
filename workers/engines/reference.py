"""The engine that every other is judged by: plain autograd, one network after another."""

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import torch
from torch import Tensor
from torch.optim import Optimizer

from rwinit import FeedForward
from workers.contract import Precision, Task, TrialSpec
from workers.datasets import Data
from workers.engines.devices import fixed_arithmetic
from workers.engines.gradients import gradient_norms
from workers.engines.interface import (
    Evaluation,
    GradientNorms,
    SplitResult,
    StepInput,
    UnsupportedTrialError,
)
from workers.engines.objective import batch_loss, count_errors, summed_loss
from workers.engines.samples import Split
from workers.engines.updates import clip_, optimizer
from workers.seeding import weight_generators

_DTYPES = {Precision.FLOAT32: torch.float32, Precision.FLOAT64: torch.float64}


@dataclass(frozen=True, slots=True, eq=False)
class _Slot:
    spec: TrialSpec
    network: FeedForward
    optimizer: Optimizer

    @property
    def dtype(self) -> torch.dtype:
        return _DTYPES[self.spec.precision]


class ReferenceEngine:
    """Runs any trial; see `Engine` for what its methods do.

    Trials never touch: each has its own network and optimizer, and its step is computed as if
    it were alone.
    """

    def __init__(self, data: Data, device: torch.device) -> None:
        self._shape = data.shape
        self._device = device
        self._train = Split(data.train_x, data.train_y, device)
        self._eval = Split(data.eval_x, data.eval_y, device)
        self._slots: dict[UUID, _Slot] = {}

    @fixed_arithmetic()
    def add(self, spec: TrialSpec) -> None:
        """Take up a trial with its initial network."""
        self._check(spec)
        network = FeedForward(
            n_inputs=self._shape.n_inputs,
            depth=spec.depth,
            width=spec.width,
            n_outputs=self._shape.n_outputs(spec.task),
            activation=spec.activation,
            slope=spec.slope,
            dtype=_DTYPES[spec.precision],
        )
        network.reset_(
            scheme=spec.scheme,
            g=spec.g,
            g_in=spec.g_in,
            g_out=spec.g_out,
            generators=weight_generators(spec.seed, spec.depth),
        )
        network.to(self._device)
        self._slots[spec.trial_id] = _Slot(spec, network, optimizer(spec, [*network.parameters()]))

    @fixed_arithmetic()
    def step(self, inputs: Mapping[UUID, StepInput]) -> Mapping[UUID, float]:
        """Take one optimizer step in each of the named trials."""
        return {key: self._step(self._slots[key], given) for key, given in inputs.items()}

    @fixed_arithmetic()
    def evaluate(self, trial_id: UUID) -> Evaluation:
        """Return loss and error of full passes over both splits."""
        slot = self._slots[trial_id]
        return Evaluation(_full_pass(slot, self._train), _full_pass(slot, self._eval))

    @fixed_arithmetic()
    def probe(self, trial_id: UUID) -> GradientNorms:
        """Return the log gradient norms, computed in float64 whatever the trial's precision."""
        slot = self._slots[trial_id]
        x, labels = self._train.head(slot.spec.batch_size, torch.float64)
        exact = copy.deepcopy(slot.network).double()
        return gradient_norms(exact, slot.spec.task, x, _targets(slot.spec.task, x, labels))

    def drop(self, trial_id: UUID) -> None:
        """Forget a trial."""
        self._slots.pop(trial_id, None)

    def _check(self, spec: TrialSpec) -> None:
        if spec.kind != "ffn":
            raise UnsupportedTrialError("network.kind", spec.kind, "'ffn'")
        if spec.dataset != self._shape.name:
            raise UnsupportedTrialError("dataset.name", spec.dataset, repr(self._shape.name))
        if spec.task is Task.CLASSIFY and self._shape.n_classes == 0:
            allowed = f"'autoencode' for {self._shape.name}, which has no labels"
            raise UnsupportedTrialError("dataset.task", spec.task, allowed)

    def _step(self, slot: _Slot, given: StepInput) -> float:
        indices = torch.from_numpy(given.indices).to(self._device)
        x, labels = self._train.batch(indices, slot.dtype)
        task = slot.spec.task
        loss = batch_loss(task, slot.network(x), _targets(task, x, labels))
        value = loss.item()
        if math.isfinite(value):
            _update(slot, loss, given.learning_rate)
        return value


def _update(slot: _Slot, loss: Tensor, learning_rate: float) -> None:
    slot.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it without types
    if slot.spec.clip_norm is not None:
        gradients = [p.grad for p in slot.network.parameters() if p.grad is not None]
        clip_(gradients, slot.spec.clip_norm)
    for group in slot.optimizer.param_groups:
        group["lr"] = learning_rate
    slot.optimizer.step()


@torch.no_grad()
def _full_pass(slot: _Slot, split: Split) -> SplitResult:
    task = slot.spec.task
    loss, wrong = 0.0, 0
    for x, labels in split.chunks(slot.dtype):
        outputs = slot.network(x)
        loss += summed_loss(task, outputs, _targets(task, x, labels)).item()
        if task is Task.CLASSIFY and labels is not None:
            wrong += int(count_errors(outputs, labels).item())
    error = wrong / len(split) if task is Task.CLASSIFY else None
    return SplitResult(loss / len(split), error)


def _targets(task: Task, x: Tensor, labels: Tensor | None) -> Tensor:
    return x if task is Task.AUTOENCODE or labels is None else labels
